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
INSERT INTO "alembic_version" VALUES('0001');
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
INSERT INTO "audit" VALUES(1,'2026-03-01 12:00:00.000000+00:00',0,'8c10f854-8ade-4aed-be69-86e301339dc5','initialise','customer',1,NULL,NULL);
INSERT INTO "audit" VALUES(2,'2026-03-01 12:00:00.000000+00:00',0,'8c10f854-8ade-4aed-be69-86e301339dc5','initialise','account',1,NULL,NULL);
INSERT INTO "audit" VALUES(3,'2026-03-01 12:00:00.000000+00:00',0,'8c10f854-8ade-4aed-be69-86e301339dc5','initialise','user',1,NULL,NULL);
INSERT INTO "audit" VALUES(4,'2026-03-01 12:00:00.000000+00:00',0,'0598e1cf-f28b-4b92-bfbc-52b20a26b70d','add','customer',2,NULL,'{"name": "Customer 1"}');
INSERT INTO "audit" VALUES(5,'2026-03-01 12:00:00.000000+00:00',0,'87828532-e4c1-47fa-946c-81024194bed3','add','customer',3,NULL,'{"name": "Customer 2"}');
INSERT INTO "audit" VALUES(6,'2026-03-01 12:00:00.000000+00:00',0,'974210b9-b92f-4f35-9f5a-293e4c855ddf','add','account',2,NULL,'{"customer_id": 2, "number": "X0000003", "currency_code": "USD"}');
INSERT INTO "audit" VALUES(7,'2026-03-01 12:00:00.000000+00:00',0,'b333eef3-1d60-4272-848b-3d86c3f198f8','add','account',3,NULL,'{"customer_id": 2, "number": "X0000004", "currency_code": "USD"}');
INSERT INTO "audit" VALUES(8,'2026-03-01 12:00:00.000000+00:00',0,'36e558e8-c605-4236-aabe-5e4dc8b33ba7','add','account',4,NULL,'{"customer_id": 2, "number": "X0000005", "currency_code": "USD"}');
INSERT INTO "audit" VALUES(9,'2026-03-01 12:00:00.000000+00:00',0,'4387426e-9eda-4c25-9a5c-851326b8a7d4','add','account',5,NULL,'{"customer_id": 2, "number": "X0000006", "currency_code": "JPY"}');
INSERT INTO "audit" VALUES(10,'2026-03-01 12:00:00.000000+00:00',0,'61d17d3c-abff-4673-8346-96c3e156dab1','add','user',2,NULL,'{"name": "Kim", "role": "Standard", "customer_id": 2}');
INSERT INTO "audit" VALUES(11,'2026-03-01 12:00:00.000000+00:00',0,'61d17d3c-abff-4673-8346-96c3e156dab1','issue','token',3,NULL,'{"user_id": 2, "kind": "developer"}');
INSERT INTO "audit" VALUES(12,'2026-03-01 12:00:00.000000+00:00',0,'61d17d3c-abff-4673-8346-96c3e156dab1','add','user',3,NULL,'{"name": "Lee", "role": "Standard", "customer_id": 2}');
INSERT INTO "audit" VALUES(13,'2026-03-01 12:00:00.000000+00:00',0,'61d17d3c-abff-4673-8346-96c3e156dab1','issue','token',4,NULL,'{"user_id": 3, "kind": "developer"}');
INSERT INTO "audit" VALUES(14,'2026-03-01 12:00:00.000000+00:00',0,'61d17d3c-abff-4673-8346-96c3e156dab1','issue','token',5,NULL,'{"user_id": 2, "kind": "developer"}');
INSERT INTO "audit" VALUES(15,'2026-03-01 12:00:00.000000+00:00',0,'61d17d3c-abff-4673-8346-96c3e156dab1','set password','user',2,NULL,NULL);
INSERT INTO "audit" VALUES(16,'2026-03-01 12:01:00.000000+00:00',0,'f76852ab-841e-4f86-a2b7-71391e280fbb','revoke','token',5,NULL,NULL);
INSERT INTO "audit" VALUES(17,'2026-03-01 12:01:00.000000+00:00',0,'d57c8c22-bdae-497d-a99e-97750ae3b11a','disable','user',3,NULL,'{"disabled_at": "2026-03-01T12:01:00+00:00"}');
INSERT INTO "audit" VALUES(18,'2026-03-01 12:01:00.000000+00:00',0,'abd965b8-88c7-425a-882d-594bfe7af696','add','coupon_class',1,NULL,'{"name": "Spring", "coupon_type": "CouponType.RETENTION", "currency_code": "USD", "amount": "50", "percent_off": null, "spend_threshold": "0", "active_duration": null, "start_date": null, "end_date": null, "expiration_date": null}');
INSERT INTO "audit" VALUES(19,'2026-03-01 12:01:00.000000+00:00',0,'3838b46a-c6d0-4b67-9db1-9477287bb9b9','mint','coupon_batch',1,NULL,'{"class_id": 1, "created_count": 2}');
INSERT INTO "audit" VALUES(20,'2026-03-01 12:01:00.000000+00:00',0,'618508ba-03ff-4147-8843-165ee2322a12','add','coupon_class',2,NULL,'{"name": "Feature", "coupon_type": "CouponType.RETENTION", "currency_code": "USD", "amount": "50", "percent_off": null, "spend_threshold": "0", "active_duration": null, "start_date": null, "end_date": null, "expiration_date": null}');
INSERT INTO "audit" VALUES(21,'2026-03-01 12:01:00.000000+00:00',0,'8fc14ea9-0df4-4dc7-8265-b47bc9aacf38','mint','coupon_batch',2,NULL,'{"class_id": 2, "created_count": 2}');
INSERT INTO "audit" VALUES(22,'2026-03-01 12:01:00.000000+00:00',0,'8ddfe943-042f-475b-8469-a8b5861db3f6','add','coupon_class',3,NULL,'{"name": "Yen", "coupon_type": "CouponType.RETENTION", "currency_code": "JPY", "amount": "50", "percent_off": null, "spend_threshold": "0", "active_duration": null, "start_date": null, "end_date": null, "expiration_date": null}');
INSERT INTO "audit" VALUES(23,'2026-03-01 12:01:00.000000+00:00',0,'cd1e9e25-001b-47d4-b1be-4daf59629218','mint','coupon_batch',3,NULL,'{"class_id": 3, "created_count": 2}');
INSERT INTO "audit" VALUES(24,'2026-03-01 12:01:00.000000+00:00',0,'3cca6ae0-c72e-45c2-9b64-0f9e115eece1','add','coupon_class',4,NULL,'{"name": "Retired", "coupon_type": "CouponType.RETENTION", "currency_code": "USD", "amount": "50", "percent_off": null, "spend_threshold": "0", "active_duration": null, "start_date": null, "end_date": null, "expiration_date": null}');
INSERT INTO "audit" VALUES(25,'2026-03-01 12:01:00.000000+00:00',0,'0bb0e773-137b-44dc-9ceb-6753e1259e23','mint','coupon_batch',4,NULL,'{"class_id": 4, "created_count": 2}');
INSERT INTO "audit" VALUES(26,'2026-03-01 12:01:00.000000+00:00',0,'46111033-e75a-4329-a12d-716b286adf28','mint','coupon_batch',5,NULL,'{"class_id": 1, "created_count": 2}');
INSERT INTO "audit" VALUES(27,'2026-03-01 12:02:00.000000+00:00',0,'d2439048-f88e-4683-acbd-fea8eeaef94e','dispatch','coupon',2,NULL,'{"sent_to_email": "anna@example.com"}');
INSERT INTO "audit" VALUES(28,'2026-03-01 12:02:00.000000+00:00',0,'d2439048-f88e-4683-acbd-fea8eeaef94e','dispatch','coupon',1,NULL,'{"sent_to_email": "bela@example.com"}');
INSERT INTO "audit" VALUES(29,'2026-03-01 12:03:00.000000+00:00',0,'5f195240-d7b9-4b44-9616-a27a02701d8d','update','coupon_class',1,'{"coupon_type": "CouponType.RETENTION", "currency_code": "USD", "amount": "50", "percent_off": null, "spend_threshold": "0", "active_duration": null, "start_date": null, "end_date": null, "expiration_date": null}','{"coupon_type": "CouponType.RETENTION", "currency_code": "USD", "amount": "50", "percent_off": null, "spend_threshold": "0", "active_duration": null, "start_date": null, "end_date": null, "expiration_date": null}');
INSERT INTO "audit" VALUES(30,'2026-03-01 12:03:00.000000+00:00',0,'6e8c0982-85dc-42eb-80ca-7303aa032a27','retire','coupon_class',4,NULL,'{"retired_at": "2026-03-01T12:03:00+00:00"}');
INSERT INTO "audit" VALUES(31,'2026-03-01 12:03:00.000000+00:00',0,'25d1426c-09a5-4b47-a95c-f532032eba58','add','coupon_class',5,NULL,'{"name": "Class 7", "coupon_type": "CouponType.RETENTION", "currency_code": "USD", "amount": "50", "percent_off": null, "spend_threshold": "0", "active_duration": null, "start_date": null, "end_date": null, "expiration_date": null}');
INSERT INTO "audit" VALUES(32,'2026-03-01 12:03:00.000000+00:00',0,'c8f212cf-1503-4fee-a9ac-00518c398dbf','mint','coupon_batch',6,NULL,'{"class_id": 5, "created_count": 1}');
INSERT INTO "audit" VALUES(33,'2026-03-01 12:03:00.000000+00:00',0,'7349ab38-990f-40ca-84fc-a629eb0fb1de','claim','coupon',11,NULL,'{"claimed_account_id": 2, "claimed_at": "2026-03-01T12:03:00+00:00"}');
INSERT INTO "audit" VALUES(34,'2026-03-01 12:03:00.000000+00:00',0,'bb8b8d0f-b344-43b3-9931-19cd6cb57265','distribute','coupon',4,NULL,'{"claimed_account_id": 3, "claimed_at": "2026-03-01T12:03:00+00:00", "email": "waiter@example.com"}');
INSERT INTO "audit" VALUES(35,'2026-03-01 12:04:00.000000+00:00',0,'f237fb4f-77d1-46a4-a91e-e28ef34d4f1e','add','coupon_class',6,NULL,'{"name": "Class 8", "coupon_type": "CouponType.RETENTION", "currency_code": "USD", "amount": "50", "percent_off": null, "spend_threshold": "10", "active_duration": "30", "start_date": null, "end_date": null, "expiration_date": null}');
INSERT INTO "audit" VALUES(36,'2026-03-01 12:04:00.000000+00:00',0,'7d60d654-4e0c-4f4c-b043-677a4966d7f2','mint','coupon_batch',7,NULL,'{"class_id": 6, "created_count": 1}');
INSERT INTO "audit" VALUES(37,'2026-03-01 12:04:00.000000+00:00',0,'6fca3b37-464b-494b-b85c-b9d66dd4653d','redeem','coupon',12,NULL,'{"account_id": 2, "redeemed_at": "2026-03-01T12:04:00+00:00", "expires_at": "2026-03-31T12:04:00+00:00", "balance": "50"}');
INSERT INTO "audit" VALUES(38,'2026-03-01 12:05:00.000000+00:00',0,'7b86754b-c655-4ba9-88f8-fac4a7f9bad8','add','coupon_class',7,NULL,'{"name": "Class 9", "coupon_type": "CouponType.RETENTION", "currency_code": "USD", "amount": "50", "percent_off": "10", "spend_threshold": "0", "active_duration": null, "start_date": "2026-03-01 12:00:00+00:00", "end_date": "2026-03-01 20:15:00+00:00", "expiration_date": null}');
INSERT INTO "audit" VALUES(39,'2026-03-01 12:05:00.000000+00:00',0,'eddd5bf7-3e9f-4ab4-ac64-a7bfb97a3f05','mint','coupon_batch',8,NULL,'{"class_id": 7, "created_count": 1}');
INSERT INTO "audit" VALUES(40,'2026-03-01 12:05:00.000000+00:00',0,'e5e24f3e-b9c6-48e6-bb96-9e2284bfd097','redeem','coupon',13,NULL,'{"account_id": 2, "redeemed_at": "2026-03-01T12:05:00+00:00", "expires_at": "9999-12-31T23:59:59+00:00", "balance": "50"}');
INSERT INTO "audit" VALUES(41,'2026-03-01 12:05:00.000000+00:00',0,'e5e24f3e-b9c6-48e6-bb96-9e2284bfd097','activate','coupon',13,'{"spend_to_threshold": "0", "balance": "50", "is_active": false, "activated_at": null}','{"spend_to_threshold": "0", "balance": "50.00", "is_active": true, "activated_at": "2026-03-01T12:05:00+00:00", "drawn": "0.00"}');
INSERT INTO "audit" VALUES(42,'2026-03-01 12:06:00.000000+00:00',0,'58bfd815-1c0b-4482-95c0-5059ea34fe29','add','coupon_class',8,NULL,'{"name": "Class 10", "coupon_type": "CouponType.RETENTION", "currency_code": "USD", "amount": "0", "percent_off": "10", "spend_threshold": "0", "active_duration": null, "start_date": null, "end_date": null, "expiration_date": null}');
INSERT INTO "audit" VALUES(43,'2026-03-01 12:06:00.000000+00:00',0,'bba346be-023d-44de-896f-fe226b0c2f02','mint','coupon_batch',9,NULL,'{"class_id": 8, "created_count": 1}');
INSERT INTO "audit" VALUES(44,'2026-03-01 12:06:00.000000+00:00',0,'63127a6c-6c98-4302-b460-ca21fc48a0f1','redeem','coupon',14,NULL,'{"account_id": 3, "redeemed_at": "2026-03-01T12:06:00+00:00", "expires_at": "9999-12-31T23:59:59+00:00", "balance": "0"}');
INSERT INTO "audit" VALUES(45,'2026-03-01 12:06:00.000000+00:00',0,'63127a6c-6c98-4302-b460-ca21fc48a0f1','activate','coupon',14,'{"spend_to_threshold": "0", "balance": "0", "is_active": false, "activated_at": null}','{"spend_to_threshold": "0", "balance": "0", "is_active": true, "activated_at": "2026-03-01T12:06:00+00:00", "drawn": "0.00"}');
INSERT INTO "audit" VALUES(46,'2026-03-01 12:07:00.000000+00:00',0,'dbb9eb05-47c7-4c8d-813e-4e7e387a8a55','add','coupon_class',9,NULL,'{"name": "Class 11", "coupon_type": "CouponType.ACQUISITION", "currency_code": "USD", "amount": "50", "percent_off": null, "spend_threshold": "0", "active_duration": null, "start_date": null, "end_date": null, "expiration_date": null}');
INSERT INTO "audit" VALUES(47,'2026-03-01 12:07:00.000000+00:00',0,'578a8985-038f-46bd-a1ff-69268a731a1b','mint','coupon_batch',10,NULL,'{"class_id": 9, "created_count": 1}');
INSERT INTO "audit" VALUES(48,'2026-03-01 12:07:00.000000+00:00',0,'ab2f84bb-afdf-406a-bfb4-20074f740a50','redeem','coupon',15,NULL,'{"account_id": 4, "redeemed_at": "2026-03-01T12:07:00+00:00", "expires_at": "9999-12-31T23:59:59+00:00", "balance": "50"}');
INSERT INTO "audit" VALUES(49,'2026-03-01 12:07:00.000000+00:00',0,'ab2f84bb-afdf-406a-bfb4-20074f740a50','activate','coupon',15,'{"spend_to_threshold": "0", "balance": "50", "is_active": false, "activated_at": null}','{"spend_to_threshold": "0", "balance": "50", "is_active": true, "activated_at": "2026-03-01T12:07:00+00:00", "drawn": "0"}');
INSERT INTO "audit" VALUES(50,'2026-03-01 12:08:00.000000+00:00',0,'c841b2f0-8ef3-46a2-bc8c-6e9ae59e9cbb','redeem','coupon',11,NULL,'{"account_id": 2, "redeemed_at": "2026-03-01T12:08:00+00:00", "expires_at": "9999-12-31T23:59:59+00:00", "balance": "50"}');
INSERT INTO "audit" VALUES(51,'2026-03-01 12:08:00.000000+00:00',0,'687f5a38-2e06-473f-8937-1aefdb787c51','add','coupon_class',10,NULL,'{"name": "Class 12", "coupon_type": "CouponType.RETENTION", "currency_code": "USD", "amount": "50", "percent_off": null, "spend_threshold": "0", "active_duration": null, "start_date": null, "end_date": null, "expiration_date": null}');
INSERT INTO "audit" VALUES(52,'2026-03-01 12:08:00.000000+00:00',0,'24b6cc56-dc99-4df0-a4be-ae8262d69035','mint','coupon_batch',11,NULL,'{"class_id": 10, "created_count": 1}');
INSERT INTO "audit" VALUES(53,'2026-03-01 12:09:00.000000+00:00',0,'6be0b711-734e-46d5-a5a5-c24b6ac7063c','record','spend',1,NULL,'{"account_id": 3, "reference": "first", "amount": "30", "spent_at": "2026-03-01T12:09:00+00:00"}');
INSERT INTO "audit" VALUES(54,'2026-03-01 12:09:00.000000+00:00',0,'6be0b711-734e-46d5-a5a5-c24b6ac7063c','spend','coupon',14,'{"spend_to_threshold": "0", "balance": "0", "is_active": true, "activated_at": "2026-03-01T12:06:00+00:00"}','{"spend_to_threshold": "0", "balance": "0", "is_active": true, "activated_at": "2026-03-01T12:06:00+00:00", "drawn": "3.00", "reference": "first"}');
INSERT INTO "audit" VALUES(55,'2026-03-01 12:10:00.000000+00:00',0,'bc805d86-7b35-4f0f-8b79-0075db8f81c4','record','spend',2,NULL,'{"account_id": 2, "reference": "threshold", "amount": "10", "spent_at": "2026-03-01T12:10:00+00:00"}');
INSERT INTO "audit" VALUES(56,'2026-03-01 12:10:00.000000+00:00',0,'bc805d86-7b35-4f0f-8b79-0075db8f81c4','spend','coupon',12,'{"spend_to_threshold": "0", "balance": "50", "is_active": false, "activated_at": null}','{"spend_to_threshold": "10", "balance": "50", "is_active": false, "activated_at": null, "drawn": "0", "reference": "threshold"}');
INSERT INTO "audit" VALUES(57,'2026-03-01 12:10:00.000000+00:00',0,'bc805d86-7b35-4f0f-8b79-0075db8f81c4','spend','coupon',13,'{"spend_to_threshold": "0", "balance": "50", "is_active": true, "activated_at": "2026-03-01T12:05:00+00:00"}','{"spend_to_threshold": "0", "balance": "49.00", "is_active": true, "activated_at": "2026-03-01T12:05:00+00:00", "drawn": "1.00", "reference": "threshold"}');
INSERT INTO "audit" VALUES(58,'2026-03-01 12:11:00.000000+00:00',0,'f2350379-09b3-4c69-80bc-4c838722b504','record','spend',3,NULL,'{"account_id": 2, "reference": "drawn", "amount": "40", "spent_at": "2026-03-01T12:11:00+00:00"}');
INSERT INTO "audit" VALUES(59,'2026-03-01 12:11:00.000000+00:00',0,'f2350379-09b3-4c69-80bc-4c838722b504','spend','coupon',13,'{"spend_to_threshold": "0", "balance": "49", "is_active": true, "activated_at": "2026-03-01T12:05:00+00:00"}','{"spend_to_threshold": "0", "balance": "45.00", "is_active": true, "activated_at": "2026-03-01T12:05:00+00:00", "drawn": "4.00", "reference": "drawn"}');
INSERT INTO "audit" VALUES(60,'2026-03-01 12:12:00.000000+00:00',0,'39f08ebe-b478-4d7c-8031-5feccf89f5b5','record','spend',4,NULL,'{"account_id": 2, "reference": "reversed", "amount": "5", "spent_at": "2026-03-01T12:12:00+00:00"}');
INSERT INTO "audit" VALUES(61,'2026-03-01 12:12:00.000000+00:00',0,'39f08ebe-b478-4d7c-8031-5feccf89f5b5','spend','coupon',13,'{"spend_to_threshold": "0", "balance": "45", "is_active": true, "activated_at": "2026-03-01T12:05:00+00:00"}','{"spend_to_threshold": "0", "balance": "44.50", "is_active": true, "activated_at": "2026-03-01T12:05:00+00:00", "drawn": "0.50", "reference": "reversed"}');
INSERT INTO "audit" VALUES(62,'2026-03-01 12:13:00.000000+00:00',0,'3139a766-5dd2-47f6-a5b9-066589440190','record','spend',5,NULL,'{"account_id": 4, "reference": "using up", "amount": "50", "spent_at": "2026-03-01T12:13:00+00:00"}');
INSERT INTO "audit" VALUES(63,'2026-03-01 12:13:00.000000+00:00',0,'3139a766-5dd2-47f6-a5b9-066589440190','spend','coupon',15,'{"spend_to_threshold": "0", "balance": "50", "is_active": true, "activated_at": "2026-03-01T12:07:00+00:00"}','{"spend_to_threshold": "0", "balance": "0", "is_active": false, "activated_at": "2026-03-01T12:07:00+00:00", "drawn": "50", "reference": "using up"}');
INSERT INTO "audit" VALUES(64,'2026-03-01 12:14:00.000000+00:00',0,'6bd690d1-fcf1-4814-af84-8304972463f9','record','spend',6,NULL,'{"account_id": 3, "reference": "last", "amount": "20", "spent_at": "2026-03-01T12:14:00+00:00"}');
INSERT INTO "audit" VALUES(65,'2026-03-01 12:14:00.000000+00:00',0,'6bd690d1-fcf1-4814-af84-8304972463f9','spend','coupon',14,'{"spend_to_threshold": "0", "balance": "0", "is_active": true, "activated_at": "2026-03-01T12:06:00+00:00"}','{"spend_to_threshold": "0", "balance": "0", "is_active": true, "activated_at": "2026-03-01T12:06:00+00:00", "drawn": "2.00", "reference": "last"}');
INSERT INTO "audit" VALUES(66,'2026-03-01 12:15:00.000000+00:00',0,'2b4c1253-1085-45a3-ab38-d7b3b07042a1','reverse','spend',4,NULL,'{"reversed_at": "2026-03-01T12:15:00+00:00"}');
INSERT INTO "audit" VALUES(67,'2026-03-01 12:15:00.000000+00:00',0,'2b4c1253-1085-45a3-ab38-d7b3b07042a1','reverse spend','coupon',13,'{"spend_to_threshold": "0", "balance": "44.5", "is_active": true, "activated_at": "2026-03-01T12:05:00+00:00"}','{"spend_to_threshold": "0", "balance": "45.0", "is_active": true, "activated_at": "2026-03-01T12:05:00+00:00", "drawn": "-0.5", "reference": "reversed"}');
INSERT INTO "audit" VALUES(68,'2026-03-01 12:16:00.000000+00:00',0,'0ef3ce31-87f5-4fb6-b99f-0cf36ff788c4','resend','coupon',4,NULL,'{"message_id": 3, "recipient": "waiter@example.com"}');
INSERT INTO "audit" VALUES(69,'2026-03-01 12:16:00.000000+00:00',0,'35289fc3-f0f2-41c1-92de-6ef216251b96','resend','coupon',2,NULL,'{"message_id": 1, "recipient": "anna@example.com"}');
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
INSERT INTO "coupon" VALUES(1,1,1,1,1,'AANWMN','bela@example.com','2026-03-01 12:02:00.000000+00:00',NULL,NULL,NULL,NULL);
INSERT INTO "coupon" VALUES(2,1,1,1,0,'EHJM6C','anna@example.com','2026-03-01 12:02:00.000000+00:00',NULL,NULL,NULL,NULL);
INSERT INTO "coupon" VALUES(3,2,2,2,1,'CRKF98',NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "coupon" VALUES(4,2,2,2,0,'GM6GS6',NULL,NULL,3,'2026-03-01 12:03:00.000000+00:00',7,NULL);
INSERT INTO "coupon" VALUES(5,3,3,3,0,'RH43L6',NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "coupon" VALUES(6,3,3,3,1,'WZYD8H',NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "coupon" VALUES(7,4,4,4,1,'8ZMZ5G',NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "coupon" VALUES(8,4,4,4,0,'ZY552B',NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "coupon" VALUES(9,1,1,5,3,'8C97J4',NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "coupon" VALUES(10,1,1,5,2,'J5C6GV',NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "coupon" VALUES(11,5,6,6,0,'S5Z5Q6',NULL,NULL,2,'2026-03-01 12:03:00.000000+00:00',7,'2026-03-01 12:08:00.000000+00:00');
INSERT INTO "coupon" VALUES(12,6,7,7,0,'XX2SHH',NULL,NULL,NULL,NULL,NULL,'2026-03-01 12:04:00.000000+00:00');
INSERT INTO "coupon" VALUES(13,7,8,8,0,'AUS8SM',NULL,NULL,NULL,NULL,NULL,'2026-03-01 12:05:00.000000+00:00');
INSERT INTO "coupon" VALUES(14,8,9,9,0,'3DESC5',NULL,NULL,NULL,NULL,NULL,'2026-03-01 12:06:00.000000+00:00');
INSERT INTO "coupon" VALUES(15,9,10,10,0,'3PU962',NULL,NULL,NULL,NULL,NULL,'2026-03-01 12:07:00.000000+00:00');
INSERT INTO "coupon" VALUES(16,10,11,11,0,'293P43',NULL,NULL,NULL,NULL,NULL,NULL);
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
INSERT INTO "outbox" VALUES(1,'<5589e3b2-c85f-46cb-88f1-1647f59eba6b@coupon-billing.invalid>','dispatch','anna@example.com',2,'sent',1,'2026-03-01 12:21:00.000000+00:00',NULL,'2026-03-01 12:02:00.000000+00:00','2026-03-01 12:16:00.000000+00:00');
INSERT INTO "outbox" VALUES(2,'<a32b0e72-4b03-487a-9140-aa70dcd7db3f@coupon-billing.invalid>','dispatch','bela@example.com',1,'failed',1,'2026-03-01 12:21:00.000000+00:00','no such mailbox','2026-03-01 12:02:00.000000+00:00',NULL);
INSERT INTO "outbox" VALUES(3,'<cfa8e592-de82-4e89-9c2a-c204ce2ddfb7@coupon-billing.invalid>','distribute','waiter@example.com',4,'queued',0,'2026-03-01 12:16:00.000000+00:00',NULL,'2026-03-01 12:03:00.000000+00:00',NULL);
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
INSERT INTO "service_user" VALUES(1,'operator','$argon2id$v=19$m=65536,t=3,p=4$BLBALOwuyG0HZvKZEL9mTQ$jcOkLkZHygIwZi3fEIurVMslPIfrIdnN2HQXPRwtcNA','2026-03-01 12:00:00.000000+00:00',NULL);
INSERT INTO "service_user" VALUES(2,'Kim','$argon2id$v=19$m=65536,t=3,p=4$Dck/olmm2c4JDqEb0o8x4g$FRQrO3K7uEtd5gKfR5JnT8lcjrFDmSanYyYxS9sDy9Y','2026-03-01 12:00:00.000000+00:00',NULL);
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
INSERT INTO "token" VALUES(1,1,'developer',X'54E3EEEAC816B2AF759E818A15018045D12CF79560C255AC628C31C1D1D57D1D','2026-03-01 12:00:00.000000+00:00',NULL,NULL);
INSERT INTO "token" VALUES(2,1,'authentication',X'56897FE9DD879ADA2F0B5FB73E24AD5F5FAFC313F963D09D1450B4BEF733217F','2026-03-01 12:00:00.000000+00:00',NULL,NULL);
INSERT INTO "token" VALUES(3,2,'developer',X'F36CEA440BA29518C2578992100E3ABEC748D0E7F57D5C7FA73796F8FA1AB250','2026-03-01 12:00:00.000000+00:00',NULL,NULL);
INSERT INTO "token" VALUES(4,3,'developer',X'6055A065A57314A67B3A04BF264B2D4BD4A71A472F080138236EB8093E43EFF5','2026-03-01 12:00:00.000000+00:00',NULL,'2026-03-01 12:01:00.000000+00:00');
INSERT INTO "token" VALUES(5,2,'developer',X'3744AE1581A7A756D6ABEA72E62F26F0938D1B09215AEC9CA331FEB4F1802498','2026-03-01 12:00:00.000000+00:00',NULL,'2026-03-01 12:01:00.000000+00:00');
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
COMMIT;
