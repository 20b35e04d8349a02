BEGIN TRANSACTION;
CREATE TABLE account (
	account_id INTEGER NOT NULL, 
	customer_id INTEGER NOT NULL, 
	number VARCHAR(8) NOT NULL, 
	currency_code VARCHAR(3) NOT NULL, 
	email VARCHAR(320), 
	created_at VARCHAR(32) NOT NULL, 
	CONSTRAINT pk_account PRIMARY KEY (account_id), 
	CONSTRAINT fk_account_customer_id FOREIGN KEY(customer_id) REFERENCES customer (customer_id), 
	CONSTRAINT uq_account_number UNIQUE (number)
);
INSERT INTO "account" VALUES(1,1,'X0000001','USD',NULL,'2026-03-01 12:00:00.000000+00:00');
INSERT INTO "account" VALUES(2,2,'X0000003','USD',NULL,'2026-03-01 12:00:00.000000+00:00');
INSERT INTO "account" VALUES(3,2,'X0000004','USD','waiter@example.com','2026-03-01 12:00:00.000000+00:00');
INSERT INTO "account" VALUES(4,2,'X0000005','USD','idler@example.com','2026-03-01 12:00:00.000000+00:00');
INSERT INTO "account" VALUES(5,2,'X0000006','JPY',NULL,'2026-03-01 12:00:00.000000+00:00');
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0002');
CREATE TABLE audit (
	audit_id INTEGER NOT NULL, 
	at VARCHAR(32) NOT NULL, 
	user_id INTEGER NOT NULL, 
	tracking_id VARCHAR(36) NOT NULL, 
	action VARCHAR(32) NOT NULL, 
	entity VARCHAR(32) NOT NULL, 
	entity_id INTEGER NOT NULL, 
	"before" JSON, 
	"after" JSON, 
	CONSTRAINT pk_audit PRIMARY KEY (audit_id)
);
INSERT INTO "audit" VALUES(1,'2026-03-01 12:00:00.000000+00:00',0,'96267039-d4dd-4b5c-b297-05f7e8af776c','initialise','customer',1,NULL,NULL);
INSERT INTO "audit" VALUES(2,'2026-03-01 12:00:00.000000+00:00',0,'96267039-d4dd-4b5c-b297-05f7e8af776c','initialise','account',1,NULL,NULL);
INSERT INTO "audit" VALUES(3,'2026-03-01 12:00:00.000000+00:00',0,'96267039-d4dd-4b5c-b297-05f7e8af776c','initialise','user',1,NULL,NULL);
INSERT INTO "audit" VALUES(4,'2026-03-01 12:00:00.000000+00:00',0,'321e94db-ddca-497b-85f7-a0608a3bf957','add','customer',2,NULL,'{"name": "Customer 1"}');
INSERT INTO "audit" VALUES(5,'2026-03-01 12:00:00.000000+00:00',0,'c1773ee1-ec13-446e-8f45-800d262b92db','add','customer',3,NULL,'{"name": "Customer 2"}');
INSERT INTO "audit" VALUES(6,'2026-03-01 12:00:00.000000+00:00',0,'9a57e82b-edda-4428-9fed-27384e8acee0','add','account',2,NULL,'{"customer_id": 2, "number": "X0000003", "currency_code": "USD"}');
INSERT INTO "audit" VALUES(7,'2026-03-01 12:00:00.000000+00:00',0,'a0077265-5311-4dc6-968b-d53461ad500a','add','account',3,NULL,'{"customer_id": 2, "number": "X0000004", "currency_code": "USD"}');
INSERT INTO "audit" VALUES(8,'2026-03-01 12:00:00.000000+00:00',0,'97124713-5691-4f34-b719-305c87a9c206','add','account',4,NULL,'{"customer_id": 2, "number": "X0000005", "currency_code": "USD"}');
INSERT INTO "audit" VALUES(9,'2026-03-01 12:00:00.000000+00:00',0,'572aa878-9f7d-4e6b-81ba-4a30b9ef18df','add','account',5,NULL,'{"customer_id": 2, "number": "X0000006", "currency_code": "JPY"}');
INSERT INTO "audit" VALUES(10,'2026-03-01 12:00:00.000000+00:00',0,'5965eb31-3145-4a0f-889f-666ed46ce2b0','add','user',2,NULL,'{"name": "Kim", "role": "Standard", "customer_id": 2}');
INSERT INTO "audit" VALUES(11,'2026-03-01 12:00:00.000000+00:00',0,'5965eb31-3145-4a0f-889f-666ed46ce2b0','issue','token',3,NULL,'{"user_id": 2, "kind": "developer"}');
INSERT INTO "audit" VALUES(12,'2026-03-01 12:00:00.000000+00:00',0,'5965eb31-3145-4a0f-889f-666ed46ce2b0','add','user',3,NULL,'{"name": "Lee", "role": "Standard", "customer_id": 2}');
INSERT INTO "audit" VALUES(13,'2026-03-01 12:00:00.000000+00:00',0,'5965eb31-3145-4a0f-889f-666ed46ce2b0','issue','token',4,NULL,'{"user_id": 3, "kind": "developer"}');
INSERT INTO "audit" VALUES(14,'2026-03-01 12:00:00.000000+00:00',0,'5965eb31-3145-4a0f-889f-666ed46ce2b0','issue','token',5,NULL,'{"user_id": 2, "kind": "developer"}');
INSERT INTO "audit" VALUES(15,'2026-03-01 12:00:00.000000+00:00',0,'5965eb31-3145-4a0f-889f-666ed46ce2b0','set password','user',2,NULL,NULL);
INSERT INTO "audit" VALUES(16,'2026-03-01 12:01:00.000000+00:00',0,'671dab3b-4a71-41ee-a5f5-45c3fc6acb69','revoke','token',5,NULL,NULL);
INSERT INTO "audit" VALUES(17,'2026-03-01 12:01:00.000000+00:00',0,'4a03f9a9-8a16-4d1e-866f-cd580b9a594d','disable','user',3,NULL,'{"disabled_at": "2026-03-01T12:01:00+00:00"}');
INSERT INTO "audit" VALUES(18,'2026-03-01 12:01:00.000000+00:00',0,'0bb9a5ad-6942-4f89-9254-9759c4e19e72','add','coupon_class',1,NULL,'{"name": "Spring", "coupon_type": "CouponType.RETENTION", "currency_code": "USD", "amount": "50", "percent_off": null, "spend_threshold": "0", "active_duration": null, "start_date": null, "end_date": null, "expiration_date": null}');
INSERT INTO "audit" VALUES(19,'2026-03-01 12:01:00.000000+00:00',0,'35584ec7-f74d-416d-b4be-26fb1e1f3db3','mint','coupon_batch',1,NULL,'{"class_id": 1, "created_count": 2}');
INSERT INTO "audit" VALUES(20,'2026-03-01 12:01:00.000000+00:00',0,'6f8e6690-44a6-4c33-9f51-2b5785c93292','add','coupon_class',2,NULL,'{"name": "Feature", "coupon_type": "CouponType.RETENTION", "currency_code": "USD", "amount": "50", "percent_off": null, "spend_threshold": "0", "active_duration": null, "start_date": null, "end_date": null, "expiration_date": null}');
INSERT INTO "audit" VALUES(21,'2026-03-01 12:01:00.000000+00:00',0,'192d132f-cb09-4a39-bebf-0b63196e6aca','mint','coupon_batch',2,NULL,'{"class_id": 2, "created_count": 2}');
INSERT INTO "audit" VALUES(22,'2026-03-01 12:01:00.000000+00:00',0,'deccad33-ff21-42d5-a8d1-d80320658f22','add','coupon_class',3,NULL,'{"name": "Yen", "coupon_type": "CouponType.RETENTION", "currency_code": "JPY", "amount": "50", "percent_off": null, "spend_threshold": "0", "active_duration": null, "start_date": null, "end_date": null, "expiration_date": null}');
INSERT INTO "audit" VALUES(23,'2026-03-01 12:01:00.000000+00:00',0,'4172d20c-812a-4c58-851f-b44bf023e816','mint','coupon_batch',3,NULL,'{"class_id": 3, "created_count": 2}');
INSERT INTO "audit" VALUES(24,'2026-03-01 12:01:00.000000+00:00',0,'a86eaea9-21c8-4f83-a234-49ed856c4e63','add','coupon_class',4,NULL,'{"name": "Retired", "coupon_type": "CouponType.RETENTION", "currency_code": "USD", "amount": "50", "percent_off": null, "spend_threshold": "0", "active_duration": null, "start_date": null, "end_date": null, "expiration_date": null}');
INSERT INTO "audit" VALUES(25,'2026-03-01 12:01:00.000000+00:00',0,'5aa9e51f-7214-450e-9003-a7cd0d52a1c9','mint','coupon_batch',4,NULL,'{"class_id": 4, "created_count": 2}');
INSERT INTO "audit" VALUES(26,'2026-03-01 12:01:00.000000+00:00',0,'b539d205-9989-474d-b0a7-3643b6c52dca','mint','coupon_batch',5,NULL,'{"class_id": 1, "created_count": 2}');
INSERT INTO "audit" VALUES(27,'2026-03-01 12:02:00.000000+00:00',0,'ec3e077b-9684-4ef8-81f2-1f84fe40d284','dispatch','coupon',1,NULL,'{"sent_to_email": "anna@example.com"}');
INSERT INTO "audit" VALUES(28,'2026-03-01 12:02:00.000000+00:00',0,'ec3e077b-9684-4ef8-81f2-1f84fe40d284','dispatch','coupon',2,NULL,'{"sent_to_email": "bela@example.com"}');
INSERT INTO "audit" VALUES(29,'2026-03-01 12:03:00.000000+00:00',0,'fd4c0ddf-983a-4649-b79c-be7b4ec647c4','update','coupon_class',1,'{"coupon_type": "CouponType.RETENTION", "currency_code": "USD", "amount": "50", "percent_off": null, "spend_threshold": "0", "active_duration": null, "start_date": null, "end_date": null, "expiration_date": null}','{"coupon_type": "CouponType.RETENTION", "currency_code": "USD", "amount": "50", "percent_off": null, "spend_threshold": "0", "active_duration": null, "start_date": null, "end_date": null, "expiration_date": null}');
INSERT INTO "audit" VALUES(30,'2026-03-01 12:03:00.000000+00:00',0,'a3674785-190c-4ac9-a549-efdc7be40095','retire','coupon_class',4,NULL,'{"retired_at": "2026-03-01T12:03:00+00:00"}');
INSERT INTO "audit" VALUES(31,'2026-03-01 12:03:00.000000+00:00',0,'e2b0bb28-f701-4df7-be7a-3d5fea5d987a','add','coupon_class',5,NULL,'{"name": "Class 7", "coupon_type": "CouponType.RETENTION", "currency_code": "USD", "amount": "50", "percent_off": null, "spend_threshold": "0", "active_duration": null, "start_date": null, "end_date": null, "expiration_date": null}');
INSERT INTO "audit" VALUES(32,'2026-03-01 12:03:00.000000+00:00',0,'28ab58fd-b90e-4807-b725-dce537faf136','mint','coupon_batch',6,NULL,'{"class_id": 5, "created_count": 1}');
INSERT INTO "audit" VALUES(33,'2026-03-01 12:03:00.000000+00:00',0,'0eeeb3c7-0e15-4184-93a9-63682448c3f5','claim','coupon',11,NULL,'{"claimed_account_id": 2, "claimed_at": "2026-03-01T12:03:00+00:00"}');
INSERT INTO "audit" VALUES(34,'2026-03-01 12:03:00.000000+00:00',0,'ba3235e3-ebbc-4562-ab1b-34644477db6a','distribute','coupon',4,NULL,'{"claimed_account_id": 3, "claimed_at": "2026-03-01T12:03:00+00:00", "email": "waiter@example.com"}');
INSERT INTO "audit" VALUES(35,'2026-03-01 12:04:00.000000+00:00',0,'8d846b18-b59d-4032-9d0a-a60efff17ea7','add','coupon_class',6,NULL,'{"name": "Class 8", "coupon_type": "CouponType.RETENTION", "currency_code": "USD", "amount": "50", "percent_off": null, "spend_threshold": "10", "active_duration": "30", "start_date": null, "end_date": null, "expiration_date": null}');
INSERT INTO "audit" VALUES(36,'2026-03-01 12:04:00.000000+00:00',0,'d1ab98d6-8318-4dc3-9fee-98416a4846db','mint','coupon_batch',7,NULL,'{"class_id": 6, "created_count": 1}');
INSERT INTO "audit" VALUES(37,'2026-03-01 12:04:00.000000+00:00',0,'5451ad91-bd81-46e5-a617-4592d667c506','redeem','coupon',12,NULL,'{"account_id": 2, "redeemed_at": "2026-03-01T12:04:00+00:00", "expires_at": "2026-03-31T12:04:00+00:00", "balance": "50"}');
INSERT INTO "audit" VALUES(38,'2026-03-01 12:05:00.000000+00:00',0,'1022c462-afeb-43b4-87f9-29b641e7ba94','add','coupon_class',7,NULL,'{"name": "Class 9", "coupon_type": "CouponType.RETENTION", "currency_code": "USD", "amount": "50", "percent_off": "10", "spend_threshold": "0", "active_duration": null, "start_date": "2026-03-01 12:00:00+00:00", "end_date": "2026-03-01 20:15:00+00:00", "expiration_date": null}');
INSERT INTO "audit" VALUES(39,'2026-03-01 12:05:00.000000+00:00',0,'5ae29daf-4c94-4889-bf7f-5496ba5e2c97','mint','coupon_batch',8,NULL,'{"class_id": 7, "created_count": 1}');
INSERT INTO "audit" VALUES(40,'2026-03-01 12:05:00.000000+00:00',0,'b952d53e-6652-48de-b139-2f7379ecefd7','redeem','coupon',13,NULL,'{"account_id": 2, "redeemed_at": "2026-03-01T12:05:00+00:00", "expires_at": "9999-12-31T23:59:59+00:00", "balance": "50"}');
INSERT INTO "audit" VALUES(41,'2026-03-01 12:05:00.000000+00:00',0,'b952d53e-6652-48de-b139-2f7379ecefd7','activate','coupon',13,'{"spend_to_threshold": "0", "balance": "50", "is_active": false, "activated_at": null}','{"spend_to_threshold": "0", "balance": "50.00", "is_active": true, "activated_at": "2026-03-01T12:05:00+00:00", "drawn": "0.00"}');
INSERT INTO "audit" VALUES(42,'2026-03-01 12:06:00.000000+00:00',0,'ebbd58d7-2fc2-417b-b62d-dcdc9d25ccbd','add','coupon_class',8,NULL,'{"name": "Class 10", "coupon_type": "CouponType.RETENTION", "currency_code": "USD", "amount": "0", "percent_off": "10", "spend_threshold": "0", "active_duration": null, "start_date": null, "end_date": null, "expiration_date": null}');
INSERT INTO "audit" VALUES(43,'2026-03-01 12:06:00.000000+00:00',0,'06f92e00-fd5f-4ead-a496-0c0d776cd69a','mint','coupon_batch',9,NULL,'{"class_id": 8, "created_count": 1}');
INSERT INTO "audit" VALUES(44,'2026-03-01 12:06:00.000000+00:00',0,'6ed86ccd-a4d5-4081-8d19-fa9e6cab0b7b','redeem','coupon',14,NULL,'{"account_id": 3, "redeemed_at": "2026-03-01T12:06:00+00:00", "expires_at": "9999-12-31T23:59:59+00:00", "balance": "0"}');
INSERT INTO "audit" VALUES(45,'2026-03-01 12:06:00.000000+00:00',0,'6ed86ccd-a4d5-4081-8d19-fa9e6cab0b7b','activate','coupon',14,'{"spend_to_threshold": "0", "balance": "0", "is_active": false, "activated_at": null}','{"spend_to_threshold": "0", "balance": "0", "is_active": true, "activated_at": "2026-03-01T12:06:00+00:00", "drawn": "0.00"}');
INSERT INTO "audit" VALUES(46,'2026-03-01 12:07:00.000000+00:00',0,'ee69ea46-4629-49e0-a954-2ede6a4be5d1','add','coupon_class',9,NULL,'{"name": "Class 11", "coupon_type": "CouponType.ACQUISITION", "currency_code": "USD", "amount": "50", "percent_off": null, "spend_threshold": "0", "active_duration": null, "start_date": null, "end_date": null, "expiration_date": null}');
INSERT INTO "audit" VALUES(47,'2026-03-01 12:07:00.000000+00:00',0,'9657ac44-c819-4ecf-8d70-8296cda8fb3f','mint','coupon_batch',10,NULL,'{"class_id": 9, "created_count": 1}');
INSERT INTO "audit" VALUES(48,'2026-03-01 12:07:00.000000+00:00',0,'0c3b26ea-a5f1-4cb7-b1ef-970b6a99a917','redeem','coupon',15,NULL,'{"account_id": 4, "redeemed_at": "2026-03-01T12:07:00+00:00", "expires_at": "9999-12-31T23:59:59+00:00", "balance": "50"}');
INSERT INTO "audit" VALUES(49,'2026-03-01 12:07:00.000000+00:00',0,'0c3b26ea-a5f1-4cb7-b1ef-970b6a99a917','activate','coupon',15,'{"spend_to_threshold": "0", "balance": "50", "is_active": false, "activated_at": null}','{"spend_to_threshold": "0", "balance": "50", "is_active": true, "activated_at": "2026-03-01T12:07:00+00:00", "drawn": "0"}');
INSERT INTO "audit" VALUES(50,'2026-03-01 12:08:00.000000+00:00',0,'a8dce541-7da7-4b37-98f1-dfc4dcb79387','redeem','coupon',11,NULL,'{"account_id": 2, "redeemed_at": "2026-03-01T12:08:00+00:00", "expires_at": "9999-12-31T23:59:59+00:00", "balance": "50"}');
INSERT INTO "audit" VALUES(51,'2026-03-01 12:08:00.000000+00:00',0,'7eb892d3-7fc9-483f-b978-7358ee124cfe','add','coupon_class',10,NULL,'{"name": "Class 12", "coupon_type": "CouponType.RETENTION", "currency_code": "USD", "amount": "50", "percent_off": null, "spend_threshold": "0", "active_duration": null, "start_date": null, "end_date": null, "expiration_date": null}');
INSERT INTO "audit" VALUES(52,'2026-03-01 12:08:00.000000+00:00',0,'6ceb5559-283e-44b1-8bfe-164f3b2544d5','mint','coupon_batch',11,NULL,'{"class_id": 10, "created_count": 1}');
INSERT INTO "audit" VALUES(53,'2026-03-01 12:09:00.000000+00:00',0,'0d8aa579-3779-4c5b-b142-f15c2436a4a4','record','spend',1,NULL,'{"account_id": 3, "reference": "first", "amount": "30", "spent_at": "2026-03-01T12:09:00+00:00"}');
INSERT INTO "audit" VALUES(54,'2026-03-01 12:09:00.000000+00:00',0,'0d8aa579-3779-4c5b-b142-f15c2436a4a4','spend','coupon',14,'{"spend_to_threshold": "0", "balance": "0", "is_active": true, "activated_at": "2026-03-01T12:06:00+00:00"}','{"spend_to_threshold": "0", "balance": "0", "is_active": true, "activated_at": "2026-03-01T12:06:00+00:00", "drawn": "3.00", "reference": "first"}');
INSERT INTO "audit" VALUES(55,'2026-03-01 12:10:00.000000+00:00',0,'e77dcb39-67d8-4814-9bbf-0c3c176ab30b','record','spend',2,NULL,'{"account_id": 2, "reference": "threshold", "amount": "10", "spent_at": "2026-03-01T12:10:00+00:00"}');
INSERT INTO "audit" VALUES(56,'2026-03-01 12:10:00.000000+00:00',0,'e77dcb39-67d8-4814-9bbf-0c3c176ab30b','spend','coupon',12,'{"spend_to_threshold": "0", "balance": "50", "is_active": false, "activated_at": null}','{"spend_to_threshold": "10", "balance": "50", "is_active": false, "activated_at": null, "drawn": "0", "reference": "threshold"}');
INSERT INTO "audit" VALUES(57,'2026-03-01 12:10:00.000000+00:00',0,'e77dcb39-67d8-4814-9bbf-0c3c176ab30b','spend','coupon',13,'{"spend_to_threshold": "0", "balance": "50", "is_active": true, "activated_at": "2026-03-01T12:05:00+00:00"}','{"spend_to_threshold": "0", "balance": "49.00", "is_active": true, "activated_at": "2026-03-01T12:05:00+00:00", "drawn": "1.00", "reference": "threshold"}');
INSERT INTO "audit" VALUES(58,'2026-03-01 12:11:00.000000+00:00',0,'ec1818c0-6229-4976-8842-8b828994802c','record','spend',3,NULL,'{"account_id": 2, "reference": "drawn", "amount": "40", "spent_at": "2026-03-01T12:11:00+00:00"}');
INSERT INTO "audit" VALUES(59,'2026-03-01 12:11:00.000000+00:00',0,'ec1818c0-6229-4976-8842-8b828994802c','spend','coupon',13,'{"spend_to_threshold": "0", "balance": "49", "is_active": true, "activated_at": "2026-03-01T12:05:00+00:00"}','{"spend_to_threshold": "0", "balance": "45.00", "is_active": true, "activated_at": "2026-03-01T12:05:00+00:00", "drawn": "4.00", "reference": "drawn"}');
INSERT INTO "audit" VALUES(60,'2026-03-01 12:12:00.000000+00:00',0,'f79d4510-ed3b-48d0-ad08-7e836a846e16','record','spend',4,NULL,'{"account_id": 2, "reference": "reversed", "amount": "5", "spent_at": "2026-03-01T12:12:00+00:00"}');
INSERT INTO "audit" VALUES(61,'2026-03-01 12:12:00.000000+00:00',0,'f79d4510-ed3b-48d0-ad08-7e836a846e16','spend','coupon',13,'{"spend_to_threshold": "0", "balance": "45", "is_active": true, "activated_at": "2026-03-01T12:05:00+00:00"}','{"spend_to_threshold": "0", "balance": "44.50", "is_active": true, "activated_at": "2026-03-01T12:05:00+00:00", "drawn": "0.50", "reference": "reversed"}');
INSERT INTO "audit" VALUES(62,'2026-03-01 12:13:00.000000+00:00',0,'fccc904c-ab54-4c54-8ae9-6ae50dec6745','record','spend',5,NULL,'{"account_id": 4, "reference": "using up", "amount": "50", "spent_at": "2026-03-01T12:13:00+00:00"}');
INSERT INTO "audit" VALUES(63,'2026-03-01 12:13:00.000000+00:00',0,'fccc904c-ab54-4c54-8ae9-6ae50dec6745','spend','coupon',15,'{"spend_to_threshold": "0", "balance": "50", "is_active": true, "activated_at": "2026-03-01T12:07:00+00:00"}','{"spend_to_threshold": "0", "balance": "0", "is_active": false, "activated_at": "2026-03-01T12:07:00+00:00", "drawn": "50", "reference": "using up"}');
INSERT INTO "audit" VALUES(64,'2026-03-01 12:14:00.000000+00:00',0,'0b7e201b-8c95-4a0f-bbe4-ead9a5254f73','record','spend',6,NULL,'{"account_id": 3, "reference": "last", "amount": "20", "spent_at": "2026-03-01T12:14:00+00:00"}');
INSERT INTO "audit" VALUES(65,'2026-03-01 12:14:00.000000+00:00',0,'0b7e201b-8c95-4a0f-bbe4-ead9a5254f73','spend','coupon',14,'{"spend_to_threshold": "0", "balance": "0", "is_active": true, "activated_at": "2026-03-01T12:06:00+00:00"}','{"spend_to_threshold": "0", "balance": "0", "is_active": true, "activated_at": "2026-03-01T12:06:00+00:00", "drawn": "2.00", "reference": "last"}');
INSERT INTO "audit" VALUES(66,'2026-03-01 12:15:00.000000+00:00',0,'3851f14a-ccbf-4763-a5a2-0516c8842d6a','reverse','spend',4,NULL,'{"reversed_at": "2026-03-01T12:15:00+00:00"}');
INSERT INTO "audit" VALUES(67,'2026-03-01 12:15:00.000000+00:00',0,'3851f14a-ccbf-4763-a5a2-0516c8842d6a','reverse spend','coupon',13,'{"spend_to_threshold": "0", "balance": "44.5", "is_active": true, "activated_at": "2026-03-01T12:05:00+00:00"}','{"spend_to_threshold": "0", "balance": "45.0", "is_active": true, "activated_at": "2026-03-01T12:05:00+00:00", "drawn": "-0.5", "reference": "reversed"}');
INSERT INTO "audit" VALUES(68,'2026-03-01 12:16:00.000000+00:00',0,'f67f44de-372f-4d5d-9942-ddae8c2d80c6','resend','coupon',4,NULL,'{"message_id": 3, "recipient": "waiter@example.com"}');
INSERT INTO "audit" VALUES(69,'2026-03-01 12:16:00.000000+00:00',0,'5a705c4e-8dd4-4609-826e-d941b5580670','resend','coupon',1,NULL,'{"message_id": 1, "recipient": "anna@example.com"}');
CREATE TABLE coupon (
	coupon_id INTEGER NOT NULL, 
	class_id INTEGER NOT NULL, 
	terms_id INTEGER NOT NULL, 
	batch_id INTEGER NOT NULL, 
	seq INTEGER NOT NULL, 
	code VARCHAR(100) NOT NULL, 
	sent_to_email VARCHAR(320), 
	sent_at VARCHAR(32), 
	claimed_account_id INTEGER, 
	claimed_at VARCHAR(32), 
	claimed_feature_id INTEGER, 
	redeemed_at VARCHAR(32), 
	CONSTRAINT pk_coupon PRIMARY KEY (coupon_id), 
	CONSTRAINT ck_coupon_claimed CHECK ((claimed_account_id IS NULL) = (claimed_at IS NULL)), 
	CONSTRAINT ck_coupon_sent CHECK ((sent_to_email IS NULL) = (sent_at IS NULL)), 
	CONSTRAINT ck_coupon_claimed_feature CHECK (claimed_feature_id IS NULL OR claimed_at IS NOT NULL), 
	CONSTRAINT fk_coupon_batch_id FOREIGN KEY(batch_id) REFERENCES coupon_batch (batch_id), 
	CONSTRAINT fk_coupon_claimed_account_id FOREIGN KEY(claimed_account_id) REFERENCES account (account_id), 
	CONSTRAINT fk_coupon_class_id FOREIGN KEY(class_id) REFERENCES coupon_class (class_id), 
	CONSTRAINT fk_coupon_terms_id FOREIGN KEY(terms_id) REFERENCES coupon_terms (terms_id), 
	CONSTRAINT uq_coupon_class_id_seq UNIQUE (class_id, seq), 
	CONSTRAINT uq_coupon_code UNIQUE (code)
);
INSERT INTO "coupon" VALUES(1,1,1,1,0,'E9FFBN','anna@example.com','2026-03-01 12:02:00.000000+00:00',NULL,NULL,NULL,NULL);
INSERT INTO "coupon" VALUES(2,1,1,1,1,'KABWUP','bela@example.com','2026-03-01 12:02:00.000000+00:00',NULL,NULL,NULL,NULL);
INSERT INTO "coupon" VALUES(3,2,2,2,1,'DHA6GA',NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "coupon" VALUES(4,2,2,2,0,'FQ38KV',NULL,NULL,3,'2026-03-01 12:03:00.000000+00:00',7,NULL);
INSERT INTO "coupon" VALUES(5,3,3,3,0,'NGCZPD',NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "coupon" VALUES(6,3,3,3,1,'R2ECCY',NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "coupon" VALUES(7,4,4,4,0,'N448TV',NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "coupon" VALUES(8,4,4,4,1,'T5ZB7E',NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "coupon" VALUES(9,1,1,5,2,'JZEQSH',NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "coupon" VALUES(10,1,1,5,3,'YWNWFX',NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "coupon" VALUES(11,5,6,6,0,'6EKGBA',NULL,NULL,2,'2026-03-01 12:03:00.000000+00:00',7,'2026-03-01 12:08:00.000000+00:00');
INSERT INTO "coupon" VALUES(12,6,7,7,0,'966ZZU',NULL,NULL,NULL,NULL,NULL,'2026-03-01 12:04:00.000000+00:00');
INSERT INTO "coupon" VALUES(13,7,8,8,0,'GSVSE5',NULL,NULL,NULL,NULL,NULL,'2026-03-01 12:05:00.000000+00:00');
INSERT INTO "coupon" VALUES(14,8,9,9,0,'VWKBSA',NULL,NULL,NULL,NULL,NULL,'2026-03-01 12:06:00.000000+00:00');
INSERT INTO "coupon" VALUES(15,9,10,10,0,'L6UPZN',NULL,NULL,NULL,NULL,NULL,'2026-03-01 12:07:00.000000+00:00');
INSERT INTO "coupon" VALUES(16,10,11,11,0,'XW3NFB',NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE coupon_batch (
	batch_id INTEGER NOT NULL, 
	class_id INTEGER NOT NULL, 
	requested_count INTEGER NOT NULL, 
	created_count INTEGER DEFAULT '0' NOT NULL, 
	created_at VARCHAR(32) NOT NULL, 
	CONSTRAINT pk_coupon_batch PRIMARY KEY (batch_id), 
	CONSTRAINT fk_coupon_batch_class_id FOREIGN KEY(class_id) REFERENCES coupon_class (class_id)
);
INSERT INTO "coupon_batch" VALUES(1,1,2,2,'2026-03-01 12:01:00.000000+00:00');
INSERT INTO "coupon_batch" VALUES(2,2,2,2,'2026-03-01 12:01:00.000000+00:00');
INSERT INTO "coupon_batch" VALUES(3,3,2,2,'2026-03-01 12:01:00.000000+00:00');
INSERT INTO "coupon_batch" VALUES(4,4,2,2,'2026-03-01 12:01:00.000000+00:00');
INSERT INTO "coupon_batch" VALUES(5,1,2,2,'2026-03-01 12:01:00.000000+00:00');
INSERT INTO "coupon_batch" VALUES(6,5,1,1,'2026-03-01 12:03:00.000000+00:00');
INSERT INTO "coupon_batch" VALUES(7,6,1,1,'2026-03-01 12:04:00.000000+00:00');
INSERT INTO "coupon_batch" VALUES(8,7,1,1,'2026-03-01 12:05:00.000000+00:00');
INSERT INTO "coupon_batch" VALUES(9,8,1,1,'2026-03-01 12:06:00.000000+00:00');
INSERT INTO "coupon_batch" VALUES(10,9,1,1,'2026-03-01 12:07:00.000000+00:00');
INSERT INTO "coupon_batch" VALUES(11,10,1,1,'2026-03-01 12:08:00.000000+00:00');
CREATE TABLE coupon_class (
	class_id INTEGER NOT NULL, 
	customer_id INTEGER NOT NULL, 
	terms_id INTEGER NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	feature_id INTEGER, 
	code_pattern VARCHAR(100) NOT NULL, 
	code_alphabet VARCHAR(94) NOT NULL, 
	language VARCHAR(35) DEFAULT 'en' NOT NULL, 
	coupons_count INTEGER DEFAULT '0' NOT NULL, 
	retired_at VARCHAR(32), 
	created_at VARCHAR(32) NOT NULL, 
	CONSTRAINT pk_coupon_class PRIMARY KEY (class_id), 
	CONSTRAINT ck_coupon_class_coupons_count CHECK (coupons_count >= 0), 
	CONSTRAINT fk_coupon_class_customer_id FOREIGN KEY(customer_id) REFERENCES customer (customer_id), 
	CONSTRAINT fk_coupon_class_terms_id FOREIGN KEY(terms_id) REFERENCES coupon_terms (terms_id), 
	CONSTRAINT uq_coupon_class_customer_id_name UNIQUE (customer_id, name)
);
INSERT INTO "coupon_class" VALUES(1,2,5,'Spring',NULL,'######','ABCDEFGHJKLMNPQRSTUVWXYZ23456789','en',4,NULL,'2026-03-01 12:01:00.000000+00:00');
INSERT INTO "coupon_class" VALUES(2,2,2,'Feature',7,'######','ABCDEFGHJKLMNPQRSTUVWXYZ23456789','en',2,NULL,'2026-03-01 12:01:00.000000+00:00');
INSERT INTO "coupon_class" VALUES(3,2,3,'Yen',NULL,'######','ABCDEFGHJKLMNPQRSTUVWXYZ23456789','en',2,NULL,'2026-03-01 12:01:00.000000+00:00');
INSERT INTO "coupon_class" VALUES(4,2,4,'Retired',NULL,'######','ABCDEFGHJKLMNPQRSTUVWXYZ23456789','en',2,'2026-03-01 12:03:00.000000+00:00','2026-03-01 12:01:00.000000+00:00');
INSERT INTO "coupon_class" VALUES(5,2,6,'Class 7',7,'######','ABCDEFGHJKLMNPQRSTUVWXYZ23456789','en',1,NULL,'2026-03-01 12:03:00.000000+00:00');
INSERT INTO "coupon_class" VALUES(6,2,7,'Class 8',NULL,'######','ABCDEFGHJKLMNPQRSTUVWXYZ23456789','en',1,NULL,'2026-03-01 12:04:00.000000+00:00');
INSERT INTO "coupon_class" VALUES(7,2,8,'Class 9',NULL,'######','ABCDEFGHJKLMNPQRSTUVWXYZ23456789','en',1,NULL,'2026-03-01 12:05:00.000000+00:00');
INSERT INTO "coupon_class" VALUES(8,2,9,'Class 10',NULL,'######','ABCDEFGHJKLMNPQRSTUVWXYZ23456789','en',1,NULL,'2026-03-01 12:06:00.000000+00:00');
INSERT INTO "coupon_class" VALUES(9,2,10,'Class 11',NULL,'######','ABCDEFGHJKLMNPQRSTUVWXYZ23456789','en',1,NULL,'2026-03-01 12:07:00.000000+00:00');
INSERT INTO "coupon_class" VALUES(10,2,11,'Class 12',NULL,'######','ABCDEFGHJKLMNPQRSTUVWXYZ23456789','en',1,NULL,'2026-03-01 12:08:00.000000+00:00');
CREATE TABLE coupon_terms (
	terms_id INTEGER NOT NULL, 
	coupon_type VARCHAR(16) NOT NULL, 
	currency_code VARCHAR(3) NOT NULL, 
	amount BIGINT NOT NULL, 
	percent_off BIGINT, 
	spend_threshold BIGINT NOT NULL, 
	active_duration INTEGER, 
	start_date VARCHAR(32), 
	end_date VARCHAR(32), 
	expiration_date VARCHAR(32), 
	CONSTRAINT pk_coupon_terms PRIMARY KEY (terms_id), 
	CONSTRAINT ck_coupon_terms_type CHECK (coupon_type IN ('Acquisition', 'Retention')), 
	CONSTRAINT ck_coupon_terms_active_duration CHECK (active_duration >= 1), 
	CONSTRAINT ck_coupon_terms_amounts CHECK (amount >= 0 AND spend_threshold >= 0), 
	CONSTRAINT ck_coupon_terms_end_date CHECK (end_date >= start_date), 
	CONSTRAINT ck_coupon_terms_percent_off CHECK (percent_off > 0), 
	CONSTRAINT ck_coupon_terms_worth CHECK (percent_off IS NOT NULL OR amount > 0)
);
INSERT INTO "coupon_terms" VALUES(1,'Retention','USD',50000000,NULL,0,NULL,NULL,NULL,NULL);
INSERT INTO "coupon_terms" VALUES(2,'Retention','USD',50000000,NULL,0,NULL,NULL,NULL,NULL);
INSERT INTO "coupon_terms" VALUES(3,'Retention','JPY',50000000,NULL,0,NULL,NULL,NULL,NULL);
INSERT INTO "coupon_terms" VALUES(4,'Retention','USD',50000000,NULL,0,NULL,NULL,NULL,NULL);
INSERT INTO "coupon_terms" VALUES(5,'Retention','USD',50000000,NULL,0,NULL,NULL,NULL,NULL);
INSERT INTO "coupon_terms" VALUES(6,'Retention','USD',50000000,NULL,0,NULL,NULL,NULL,NULL);
INSERT INTO "coupon_terms" VALUES(7,'Retention','USD',50000000,NULL,10000000,30,NULL,NULL,NULL);
INSERT INTO "coupon_terms" VALUES(8,'Retention','USD',50000000,10000000,0,NULL,'2026-03-01 12:00:00.000000+00:00','2026-03-01 20:15:00.000000+00:00',NULL);
INSERT INTO "coupon_terms" VALUES(9,'Retention','USD',0,10000000,0,NULL,NULL,NULL,NULL);
INSERT INTO "coupon_terms" VALUES(10,'Acquisition','USD',50000000,NULL,0,NULL,NULL,NULL,NULL);
INSERT INTO "coupon_terms" VALUES(11,'Retention','USD',50000000,NULL,0,NULL,NULL,NULL,NULL);
CREATE TABLE customer (
	customer_id INTEGER NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	created_at VARCHAR(32) NOT NULL, 
	CONSTRAINT pk_customer PRIMARY KEY (customer_id)
);
INSERT INTO "customer" VALUES(1,'First customer','2026-03-01 12:00:00.000000+00:00');
INSERT INTO "customer" VALUES(2,'Customer 1','2026-03-01 12:00:00.000000+00:00');
INSERT INTO "customer" VALUES(3,'Customer 2','2026-03-01 12:00:00.000000+00:00');
CREATE TABLE idempotency_key (
	user_id INTEGER NOT NULL, 
	"key" VARCHAR(255) NOT NULL, 
	operation VARCHAR(64) NOT NULL, 
	body_digest BLOB NOT NULL, 
	reply TEXT, 
	error_symbol VARCHAR(64), 
	error_details TEXT, 
	created_at VARCHAR(32) NOT NULL, 
	CONSTRAINT pk_idempotency_key PRIMARY KEY (user_id, "key"), 
	CONSTRAINT ck_idempotency_key_error CHECK ((error_symbol IS NULL) = (error_details IS NULL)), 
	CONSTRAINT ck_idempotency_key_answer CHECK (reply IS NULL OR error_symbol IS NULL), 
	CONSTRAINT fk_idempotency_key_user_id FOREIGN KEY(user_id) REFERENCES service_user (user_id)
);
INSERT INTO "idempotency_key" VALUES(2,'key','DispatchCoupons',X'0000000000000000000000000000000000000000000000000000000000000000','<reply/>',NULL,NULL,'2026-03-01 12:01:00.000000+00:00');
CREATE TABLE ledger (
	line_id INTEGER NOT NULL, 
	coupon_id INTEGER NOT NULL, 
	spend_id INTEGER NOT NULL, 
	is_reversal BOOLEAN NOT NULL, 
	towards_threshold BIGINT NOT NULL, 
	drawn BIGINT NOT NULL, 
	is_activation BOOLEAN NOT NULL, 
	CONSTRAINT pk_ledger PRIMARY KEY (line_id), 
	CONSTRAINT ck_ledger_amounts CHECK (towards_threshold >= 0 AND drawn >= 0), 
	CONSTRAINT fk_ledger_coupon_id FOREIGN KEY(coupon_id) REFERENCES redemption (coupon_id), 
	CONSTRAINT fk_ledger_spend_id FOREIGN KEY(spend_id) REFERENCES spend (spend_id), 
	CONSTRAINT uq_ledger_spend_id_coupon_id_is_reversal UNIQUE (spend_id, coupon_id, is_reversal)
);
INSERT INTO "ledger" VALUES(1,14,1,0,0,3000000,0);
INSERT INTO "ledger" VALUES(2,12,2,0,10000000,0,0);
INSERT INTO "ledger" VALUES(3,13,2,0,0,1000000,0);
INSERT INTO "ledger" VALUES(4,13,3,0,0,4000000,0);
INSERT INTO "ledger" VALUES(5,13,4,0,0,500000,0);
INSERT INTO "ledger" VALUES(6,15,5,0,0,50000000,0);
INSERT INTO "ledger" VALUES(7,14,6,0,0,2000000,0);
INSERT INTO "ledger" VALUES(8,13,4,1,0,500000,0);
CREATE TABLE membership (
	membership_id INTEGER NOT NULL, 
	user_id INTEGER NOT NULL, 
	customer_id INTEGER, 
	role VARCHAR(16) NOT NULL, 
	CONSTRAINT pk_membership PRIMARY KEY (membership_id), 
	CONSTRAINT ck_membership_customer CHECK ((role = 'Operator') = (customer_id IS NULL)), 
	CONSTRAINT ck_membership_role CHECK (role IN ('SuperAdmin', 'Standard', 'ReadOnly', 'Operator')), 
	CONSTRAINT fk_membership_customer_id FOREIGN KEY(customer_id) REFERENCES customer (customer_id), 
	CONSTRAINT fk_membership_user_id FOREIGN KEY(user_id) REFERENCES service_user (user_id), 
	CONSTRAINT uq_membership_user_id_customer_id UNIQUE (user_id, customer_id)
);
INSERT INTO "membership" VALUES(1,1,NULL,'Operator');
INSERT INTO "membership" VALUES(2,2,2,'Standard');
INSERT INTO "membership" VALUES(3,3,2,'Standard');
CREATE TABLE outbox (
	message_id INTEGER NOT NULL, 
	mail_id VARCHAR(255) NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	recipient VARCHAR(320) NOT NULL, 
	coupon_id INTEGER NOT NULL, 
	state VARCHAR(16) DEFAULT 'queued' NOT NULL, 
	attempts_count INTEGER DEFAULT '0' NOT NULL, 
	next_attempt_at VARCHAR(32) NOT NULL, 
	last_error TEXT, 
	created_at VARCHAR(32) NOT NULL, 
	sent_at VARCHAR(32), 
	CONSTRAINT pk_outbox PRIMARY KEY (message_id), 
	CONSTRAINT ck_outbox_sent CHECK ((state = 'sent') = (sent_at IS NOT NULL)), 
	CONSTRAINT ck_outbox_kind CHECK (kind IN ('dispatch', 'distribute')), 
	CONSTRAINT ck_outbox_state CHECK (state IN ('queued', 'sent', 'failed')), 
	CONSTRAINT ck_outbox_attempts_count CHECK (attempts_count >= 0), 
	CONSTRAINT fk_outbox_coupon_id FOREIGN KEY(coupon_id) REFERENCES coupon (coupon_id), 
	CONSTRAINT uq_outbox_mail_id UNIQUE (mail_id)
);
INSERT INTO "outbox" VALUES(1,'<ad2d33f0-b042-4536-abf2-97ce74e9e5fd@coupon-billing.invalid>','dispatch','anna@example.com',1,'sent',1,'2026-03-01 12:21:00.000000+00:00',NULL,'2026-03-01 12:02:00.000000+00:00','2026-03-01 12:16:00.000000+00:00');
INSERT INTO "outbox" VALUES(2,'<8b0fc946-9e54-4751-9c6f-45eb3c631903@coupon-billing.invalid>','dispatch','bela@example.com',2,'failed',1,'2026-03-01 12:21:00.000000+00:00','no such mailbox','2026-03-01 12:02:00.000000+00:00',NULL);
INSERT INTO "outbox" VALUES(3,'<36bcd0e8-ebdd-477d-b197-256ed9f4e3e3@coupon-billing.invalid>','distribute','waiter@example.com',4,'queued',0,'2026-03-01 12:16:00.000000+00:00',NULL,'2026-03-01 12:03:00.000000+00:00',NULL);
CREATE TABLE redemption (
	coupon_id INTEGER NOT NULL, 
	account_id INTEGER NOT NULL, 
	redeemed_at VARCHAR(32) NOT NULL, 
	expires_at VARCHAR(32) NOT NULL, 
	activated_at VARCHAR(32), 
	is_active BOOLEAN DEFAULT 0 NOT NULL, 
	granted BIGINT NOT NULL, 
	spend_to_threshold BIGINT NOT NULL, 
	balance BIGINT NOT NULL, 
	currency_code VARCHAR(3) NOT NULL, 
	acquisition_customer_id INTEGER, 
	CONSTRAINT pk_redemption PRIMARY KEY (coupon_id), 
	CONSTRAINT ck_redemption_active CHECK (NOT is_active OR activated_at IS NOT NULL), 
	CONSTRAINT ck_redemption_amounts CHECK (balance >= 0 AND balance <= granted AND spend_to_threshold >= 0), 
	CONSTRAINT fk_redemption_account_id FOREIGN KEY(account_id) REFERENCES account (account_id), 
	CONSTRAINT fk_redemption_acquisition_customer_id FOREIGN KEY(acquisition_customer_id) REFERENCES customer (customer_id), 
	CONSTRAINT fk_redemption_coupon_id FOREIGN KEY(coupon_id) REFERENCES coupon (coupon_id), 
	CONSTRAINT uq_redemption_acquisition_customer_id UNIQUE (acquisition_customer_id)
);
INSERT INTO "redemption" VALUES(11,2,'2026-03-01 12:08:00.000000+00:00','9999-12-31 23:59:59.000000+00:00',NULL,0,50000000,0,50000000,'USD',NULL);
INSERT INTO "redemption" VALUES(12,2,'2026-03-01 12:04:00.000000+00:00','2026-03-31 12:04:00.000000+00:00',NULL,0,50000000,10000000,50000000,'USD',NULL);
INSERT INTO "redemption" VALUES(13,2,'2026-03-01 12:05:00.000000+00:00','9999-12-31 23:59:59.000000+00:00','2026-03-01 12:05:00.000000+00:00',1,50000000,0,45000000,'USD',NULL);
INSERT INTO "redemption" VALUES(14,3,'2026-03-01 12:06:00.000000+00:00','9999-12-31 23:59:59.000000+00:00','2026-03-01 12:06:00.000000+00:00',1,0,0,0,'USD',NULL);
INSERT INTO "redemption" VALUES(15,4,'2026-03-01 12:07:00.000000+00:00','9999-12-31 23:59:59.000000+00:00','2026-03-01 12:07:00.000000+00:00',0,50000000,0,0,'USD',2);
CREATE TABLE service_user (
	user_id INTEGER NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	password_hash VARCHAR(255), 
	created_at VARCHAR(32) NOT NULL, 
	disabled_at VARCHAR(32), 
	CONSTRAINT pk_service_user PRIMARY KEY (user_id), 
	CONSTRAINT ck_service_user_disabled CHECK (disabled_at IS NULL OR password_hash IS NULL), 
	CONSTRAINT uq_service_user_name UNIQUE (name)
);
INSERT INTO "service_user" VALUES(1,'operator','$argon2id$v=19$m=65536,t=3,p=4$SvsQ66wLdAqcDFtyr8KTqw$Syau9OlQiM0qwGjTQMKGm0cuNjMaVsiR1jvypZodKLQ','2026-03-01 12:00:00.000000+00:00',NULL);
INSERT INTO "service_user" VALUES(2,'Kim','$argon2id$v=19$m=65536,t=3,p=4$Cc2QG4MT7w1M3zs0Q/8Ohg$0DbcY/AGWSaR8ByQz2X5ucM8r8uc3CQsvXW70ezsBmo','2026-03-01 12:00:00.000000+00:00',NULL);
INSERT INTO "service_user" VALUES(3,'Lee',NULL,'2026-03-01 12:00:00.000000+00:00','2026-03-01 12:01:00.000000+00:00');
CREATE TABLE spend (
	spend_id INTEGER NOT NULL, 
	customer_id INTEGER NOT NULL, 
	account_id INTEGER NOT NULL, 
	reference VARCHAR(255) NOT NULL, 
	amount BIGINT NOT NULL, 
	spent_at VARCHAR(32) NOT NULL, 
	recorded_at VARCHAR(32) NOT NULL, 
	reversed_at VARCHAR(32), 
	CONSTRAINT pk_spend PRIMARY KEY (spend_id), 
	CONSTRAINT ck_spend_amount CHECK (amount > 0), 
	CONSTRAINT fk_spend_account_id FOREIGN KEY(account_id) REFERENCES account (account_id), 
	CONSTRAINT fk_spend_customer_id FOREIGN KEY(customer_id) REFERENCES customer (customer_id), 
	CONSTRAINT uq_spend_customer_id_reference UNIQUE (customer_id, reference)
);
INSERT INTO "spend" VALUES(1,2,3,'first',30000000,'2026-03-01 12:09:00.000000+00:00','2026-03-01 12:09:00.000000+00:00',NULL);
INSERT INTO "spend" VALUES(2,2,2,'threshold',10000000,'2026-03-01 12:10:00.000000+00:00','2026-03-01 12:10:00.000000+00:00',NULL);
INSERT INTO "spend" VALUES(3,2,2,'drawn',40000000,'2026-03-01 12:11:00.000000+00:00','2026-03-01 12:11:00.000000+00:00',NULL);
INSERT INTO "spend" VALUES(4,2,2,'reversed',5000000,'2026-03-01 12:12:00.000000+00:00','2026-03-01 12:12:00.000000+00:00','2026-03-01 12:15:00.000000+00:00');
INSERT INTO "spend" VALUES(5,2,4,'using up',50000000,'2026-03-01 12:13:00.000000+00:00','2026-03-01 12:13:00.000000+00:00',NULL);
INSERT INTO "spend" VALUES(6,2,3,'last',20000000,'2026-03-01 12:14:00.000000+00:00','2026-03-01 12:14:00.000000+00:00',NULL);
CREATE TABLE token (
	token_id INTEGER NOT NULL, 
	user_id INTEGER NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	digest BLOB NOT NULL, 
	created_at VARCHAR(32) NOT NULL, 
	expires_at VARCHAR(32), 
	revoked_at VARCHAR(32), 
	CONSTRAINT pk_token PRIMARY KEY (token_id), 
	CONSTRAINT ck_token_kind CHECK (kind IN ('developer', 'authentication')), 
	CONSTRAINT fk_token_user_id FOREIGN KEY(user_id) REFERENCES service_user (user_id), 
	CONSTRAINT uq_token_digest UNIQUE (digest)
);
INSERT INTO "token" VALUES(1,1,'developer',X'EF1DE593F824712912C80CD14681BA1A29EDE421B0F5EC7004DEC3A43CFD9B2F','2026-03-01 12:00:00.000000+00:00',NULL,NULL);
INSERT INTO "token" VALUES(2,1,'authentication',X'F6C309AA7000006D236CD1C16F9EAF2726275B8B283ECEEC1DC391C25517F8C0','2026-03-01 12:00:00.000000+00:00',NULL,NULL);
INSERT INTO "token" VALUES(3,2,'developer',X'AD995E72F06B69A0F94CB3BDBA30E8C326F6443E4E04FF532AFB3E85FCD8D60C','2026-03-01 12:00:00.000000+00:00',NULL,NULL);
INSERT INTO "token" VALUES(4,3,'developer',X'8608B60E55826E19A2F1C80C4FF891C835BD912F3234536147AABAE742DF6CE6','2026-03-01 12:00:00.000000+00:00',NULL,'2026-03-01 12:01:00.000000+00:00');
INSERT INTO "token" VALUES(5,2,'developer',X'7E8BF6CC5C1856D192CCC5F251F9C0F323F2D4ACFE7DBE626D0A9932011CC6C9','2026-03-01 12:00:00.000000+00:00',NULL,'2026-03-01 12:01:00.000000+00:00');
CREATE INDEX ix_audit_entity_entity_id ON audit (entity, entity_id);
CREATE INDEX ix_audit_tracking_id ON audit (tracking_id);
CREATE INDEX ix_account_customer_id ON account (customer_id);
CREATE UNIQUE INDEX uq_membership_operator ON membership (user_id) WHERE customer_id IS NULL;
CREATE INDEX ix_token_user_id ON token (user_id);
CREATE INDEX ix_coupon_batch_class_id ON coupon_batch (class_id);
CREATE INDEX ix_spend_account_id_spent_at ON spend (account_id, spent_at);
CREATE INDEX ix_spend_standing ON spend (customer_id, spent_at) WHERE reversed_at IS NULL;
CREATE INDEX ix_coupon_claimed_account_id ON coupon (claimed_account_id) WHERE claimed_at IS NOT NULL;
CREATE INDEX ix_coupon_unused ON coupon (class_id, seq) WHERE sent_at IS NULL AND claimed_at IS NULL AND redeemed_at IS NULL;
CREATE UNIQUE INDEX uq_coupon_claimed_feature ON coupon (claimed_account_id, claimed_feature_id) WHERE claimed_feature_id IS NOT NULL;
CREATE INDEX ix_outbox_coupon_id ON outbox (coupon_id);
CREATE INDEX ix_outbox_due ON outbox (next_attempt_at) WHERE state = 'queued';
CREATE INDEX ix_redemption_account_id ON redemption (account_id);
CREATE UNIQUE INDEX uq_redemption_active ON redemption (account_id) WHERE is_active;
CREATE INDEX ix_ledger_coupon_id ON ledger (coupon_id);
CREATE INDEX ix_idempotency_key_created_at ON idempotency_key (created_at);
COMMIT;
