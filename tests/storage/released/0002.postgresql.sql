--
-- PostgreSQL database dump
--


-- Dumped from database version 16.14
-- Dumped by pg_dump version 16.14

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: account; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.account (
    account_id bigint NOT NULL,
    customer_id bigint NOT NULL,
    number character varying(8) NOT NULL COLLATE pg_catalog."C",
    currency_code character varying(3) NOT NULL,
    email character varying(320),
    created_at timestamp with time zone NOT NULL
);


--
-- Name: account_account_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.account_account_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: account_account_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.account_account_id_seq OWNED BY public.account.account_id;


--
-- Name: alembic_version; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);


--
-- Name: audit; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.audit (
    audit_id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    user_id bigint NOT NULL,
    tracking_id character varying(36) NOT NULL,
    action character varying(32) NOT NULL,
    entity character varying(32) NOT NULL,
    entity_id bigint NOT NULL,
    before json,
    after json
);


--
-- Name: audit_audit_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.audit_audit_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: audit_audit_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.audit_audit_id_seq OWNED BY public.audit.audit_id;


--
-- Name: coupon; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.coupon (
    coupon_id bigint NOT NULL,
    class_id bigint NOT NULL,
    terms_id bigint NOT NULL,
    batch_id bigint NOT NULL,
    seq integer NOT NULL,
    code character varying(100) NOT NULL COLLATE pg_catalog."C",
    sent_to_email character varying(320),
    sent_at timestamp with time zone,
    claimed_account_id bigint,
    claimed_at timestamp with time zone,
    claimed_feature_id integer,
    redeemed_at timestamp with time zone,
    CONSTRAINT ck_coupon_claimed CHECK (((claimed_account_id IS NULL) = (claimed_at IS NULL))),
    CONSTRAINT ck_coupon_claimed_feature CHECK (((claimed_feature_id IS NULL) OR (claimed_at IS NOT NULL))),
    CONSTRAINT ck_coupon_sent CHECK (((sent_to_email IS NULL) = (sent_at IS NULL)))
);


--
-- Name: coupon_batch; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.coupon_batch (
    batch_id bigint NOT NULL,
    class_id bigint NOT NULL,
    requested_count integer NOT NULL,
    created_count integer DEFAULT 0 NOT NULL,
    created_at timestamp with time zone NOT NULL
);


--
-- Name: coupon_batch_batch_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.coupon_batch_batch_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: coupon_batch_batch_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.coupon_batch_batch_id_seq OWNED BY public.coupon_batch.batch_id;


--
-- Name: coupon_class; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.coupon_class (
    class_id bigint NOT NULL,
    customer_id bigint NOT NULL,
    terms_id bigint NOT NULL,
    name character varying(255) NOT NULL COLLATE pg_catalog."C",
    feature_id integer,
    code_pattern character varying(100) NOT NULL,
    code_alphabet character varying(94) NOT NULL,
    language character varying(35) DEFAULT 'en'::character varying NOT NULL,
    coupons_count integer DEFAULT 0 NOT NULL,
    retired_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_coupon_class_coupons_count CHECK ((coupons_count >= 0))
);


--
-- Name: coupon_class_class_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.coupon_class_class_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: coupon_class_class_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.coupon_class_class_id_seq OWNED BY public.coupon_class.class_id;


--
-- Name: coupon_coupon_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.coupon_coupon_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: coupon_coupon_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.coupon_coupon_id_seq OWNED BY public.coupon.coupon_id;


--
-- Name: coupon_terms; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.coupon_terms (
    terms_id bigint NOT NULL,
    coupon_type character varying(16) NOT NULL,
    currency_code character varying(3) NOT NULL,
    amount numeric(24,6) NOT NULL,
    percent_off numeric(24,6),
    spend_threshold numeric(24,6) NOT NULL,
    active_duration integer,
    start_date timestamp with time zone,
    end_date timestamp with time zone,
    expiration_date timestamp with time zone,
    CONSTRAINT ck_coupon_terms_active_duration CHECK ((active_duration >= 1)),
    CONSTRAINT ck_coupon_terms_amounts CHECK (((amount >= (0)::numeric) AND (spend_threshold >= (0)::numeric))),
    CONSTRAINT ck_coupon_terms_end_date CHECK ((end_date >= start_date)),
    CONSTRAINT ck_coupon_terms_percent_off CHECK ((percent_off > (0)::numeric)),
    CONSTRAINT ck_coupon_terms_type CHECK (((coupon_type)::text = ANY ((ARRAY['Acquisition'::character varying, 'Retention'::character varying])::text[]))),
    CONSTRAINT ck_coupon_terms_worth CHECK (((percent_off IS NOT NULL) OR (amount > (0)::numeric)))
);


--
-- Name: coupon_terms_terms_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.coupon_terms_terms_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: coupon_terms_terms_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.coupon_terms_terms_id_seq OWNED BY public.coupon_terms.terms_id;


--
-- Name: customer; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.customer (
    customer_id bigint NOT NULL,
    name character varying(255) NOT NULL,
    created_at timestamp with time zone NOT NULL
);


--
-- Name: customer_customer_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.customer_customer_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: customer_customer_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.customer_customer_id_seq OWNED BY public.customer.customer_id;


--
-- Name: idempotency_key; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.idempotency_key (
    user_id bigint NOT NULL,
    key character varying(255) NOT NULL COLLATE pg_catalog."C",
    operation character varying(64) NOT NULL,
    body_digest bytea NOT NULL,
    reply text,
    error_symbol character varying(64),
    error_details text,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_idempotency_key_answer CHECK (((reply IS NULL) OR (error_symbol IS NULL))),
    CONSTRAINT ck_idempotency_key_error CHECK (((error_symbol IS NULL) = (error_details IS NULL)))
);


--
-- Name: ledger; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.ledger (
    line_id bigint NOT NULL,
    coupon_id bigint NOT NULL,
    spend_id bigint NOT NULL,
    is_reversal boolean NOT NULL,
    towards_threshold numeric(24,6) NOT NULL,
    drawn numeric(24,6) NOT NULL,
    is_activation boolean NOT NULL,
    CONSTRAINT ck_ledger_amounts CHECK (((towards_threshold >= (0)::numeric) AND (drawn >= (0)::numeric)))
);


--
-- Name: ledger_line_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.ledger_line_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: ledger_line_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.ledger_line_id_seq OWNED BY public.ledger.line_id;


--
-- Name: membership; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.membership (
    membership_id bigint NOT NULL,
    user_id bigint NOT NULL,
    customer_id bigint,
    role character varying(16) NOT NULL,
    CONSTRAINT ck_membership_customer CHECK ((((role)::text = 'Operator'::text) = (customer_id IS NULL))),
    CONSTRAINT ck_membership_role CHECK (((role)::text = ANY ((ARRAY['SuperAdmin'::character varying, 'Standard'::character varying, 'ReadOnly'::character varying, 'Operator'::character varying])::text[])))
);


--
-- Name: membership_membership_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.membership_membership_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: membership_membership_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.membership_membership_id_seq OWNED BY public.membership.membership_id;


--
-- Name: outbox; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.outbox (
    message_id bigint NOT NULL,
    mail_id character varying(255) NOT NULL COLLATE pg_catalog."C",
    kind character varying(16) NOT NULL,
    recipient character varying(320) NOT NULL,
    coupon_id bigint NOT NULL,
    state character varying(16) DEFAULT 'queued'::character varying NOT NULL,
    attempts_count integer DEFAULT 0 NOT NULL,
    next_attempt_at timestamp with time zone NOT NULL,
    last_error text,
    created_at timestamp with time zone NOT NULL,
    sent_at timestamp with time zone,
    CONSTRAINT ck_outbox_attempts_count CHECK ((attempts_count >= 0)),
    CONSTRAINT ck_outbox_kind CHECK (((kind)::text = ANY ((ARRAY['dispatch'::character varying, 'distribute'::character varying])::text[]))),
    CONSTRAINT ck_outbox_sent CHECK ((((state)::text = 'sent'::text) = (sent_at IS NOT NULL))),
    CONSTRAINT ck_outbox_state CHECK (((state)::text = ANY ((ARRAY['queued'::character varying, 'sent'::character varying, 'failed'::character varying])::text[])))
);


--
-- Name: outbox_message_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.outbox_message_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: outbox_message_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.outbox_message_id_seq OWNED BY public.outbox.message_id;


--
-- Name: redemption; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.redemption (
    coupon_id bigint NOT NULL,
    account_id bigint NOT NULL,
    redeemed_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    activated_at timestamp with time zone,
    is_active boolean DEFAULT false NOT NULL,
    granted numeric(24,6) NOT NULL,
    spend_to_threshold numeric(24,6) NOT NULL,
    balance numeric(24,6) NOT NULL,
    currency_code character varying(3) NOT NULL,
    acquisition_customer_id bigint,
    CONSTRAINT ck_redemption_active CHECK (((NOT is_active) OR (activated_at IS NOT NULL))),
    CONSTRAINT ck_redemption_amounts CHECK (((balance >= (0)::numeric) AND (balance <= granted) AND (spend_to_threshold >= (0)::numeric)))
);


--
-- Name: service_user; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.service_user (
    user_id bigint NOT NULL,
    name character varying(255) NOT NULL COLLATE pg_catalog."C",
    password_hash character varying(255),
    created_at timestamp with time zone NOT NULL,
    disabled_at timestamp with time zone,
    CONSTRAINT ck_service_user_disabled CHECK (((disabled_at IS NULL) OR (password_hash IS NULL)))
);


--
-- Name: service_user_user_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.service_user_user_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: service_user_user_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.service_user_user_id_seq OWNED BY public.service_user.user_id;


--
-- Name: spend; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.spend (
    spend_id bigint NOT NULL,
    customer_id bigint NOT NULL,
    account_id bigint NOT NULL,
    reference character varying(255) NOT NULL COLLATE pg_catalog."C",
    amount numeric(24,6) NOT NULL,
    spent_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    reversed_at timestamp with time zone,
    CONSTRAINT ck_spend_amount CHECK ((amount > (0)::numeric))
);


--
-- Name: spend_spend_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.spend_spend_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: spend_spend_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.spend_spend_id_seq OWNED BY public.spend.spend_id;


--
-- Name: token; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.token (
    token_id bigint NOT NULL,
    user_id bigint NOT NULL,
    kind character varying(16) NOT NULL,
    digest bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone,
    CONSTRAINT ck_token_kind CHECK (((kind)::text = ANY ((ARRAY['developer'::character varying, 'authentication'::character varying])::text[])))
);


--
-- Name: token_token_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.token_token_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: token_token_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.token_token_id_seq OWNED BY public.token.token_id;


--
-- Name: account account_id; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.account ALTER COLUMN account_id SET DEFAULT nextval('public.account_account_id_seq'::regclass);


--
-- Name: audit audit_id; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.audit ALTER COLUMN audit_id SET DEFAULT nextval('public.audit_audit_id_seq'::regclass);


--
-- Name: coupon coupon_id; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.coupon ALTER COLUMN coupon_id SET DEFAULT nextval('public.coupon_coupon_id_seq'::regclass);


--
-- Name: coupon_batch batch_id; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.coupon_batch ALTER COLUMN batch_id SET DEFAULT nextval('public.coupon_batch_batch_id_seq'::regclass);


--
-- Name: coupon_class class_id; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.coupon_class ALTER COLUMN class_id SET DEFAULT nextval('public.coupon_class_class_id_seq'::regclass);


--
-- Name: coupon_terms terms_id; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.coupon_terms ALTER COLUMN terms_id SET DEFAULT nextval('public.coupon_terms_terms_id_seq'::regclass);


--
-- Name: customer customer_id; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.customer ALTER COLUMN customer_id SET DEFAULT nextval('public.customer_customer_id_seq'::regclass);


--
-- Name: ledger line_id; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ledger ALTER COLUMN line_id SET DEFAULT nextval('public.ledger_line_id_seq'::regclass);


--
-- Name: membership membership_id; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.membership ALTER COLUMN membership_id SET DEFAULT nextval('public.membership_membership_id_seq'::regclass);


--
-- Name: outbox message_id; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.outbox ALTER COLUMN message_id SET DEFAULT nextval('public.outbox_message_id_seq'::regclass);


--
-- Name: service_user user_id; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.service_user ALTER COLUMN user_id SET DEFAULT nextval('public.service_user_user_id_seq'::regclass);


--
-- Name: spend spend_id; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.spend ALTER COLUMN spend_id SET DEFAULT nextval('public.spend_spend_id_seq'::regclass);


--
-- Name: token token_id; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.token ALTER COLUMN token_id SET DEFAULT nextval('public.token_token_id_seq'::regclass);


--
-- Data for Name: account; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.account VALUES
	(1, 1, 'X0000001', 'USD', NULL, '2026-03-01 12:00:00+00'),
	(2, 2, 'X0000003', 'USD', NULL, '2026-03-01 12:00:00+00'),
	(3, 2, 'X0000004', 'USD', 'waiter@example.com', '2026-03-01 12:00:00+00'),
	(4, 2, 'X0000005', 'USD', 'idler@example.com', '2026-03-01 12:00:00+00'),
	(5, 2, 'X0000006', 'JPY', NULL, '2026-03-01 12:00:00+00');


--
-- Data for Name: alembic_version; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.alembic_version VALUES
	('0002');


--
-- Data for Name: audit; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.audit VALUES
	(1, '2026-03-01 12:00:00+00', 0, '98b75c36-4bfb-4864-acb5-ce5063412074', 'initialise', 'customer', 1, NULL, NULL),
	(2, '2026-03-01 12:00:00+00', 0, '98b75c36-4bfb-4864-acb5-ce5063412074', 'initialise', 'account', 1, NULL, NULL),
	(3, '2026-03-01 12:00:00+00', 0, '98b75c36-4bfb-4864-acb5-ce5063412074', 'initialise', 'user', 1, NULL, NULL),
	(4, '2026-03-01 12:00:00+00', 0, 'f49df10f-17c5-42a9-8d50-3b2ec19098b1', 'add', 'customer', 2, NULL, '{"name": "Customer 1"}'),
	(5, '2026-03-01 12:00:00+00', 0, 'b0609732-181b-4416-8651-dd7d7a0c043a', 'add', 'customer', 3, NULL, '{"name": "Customer 2"}'),
	(6, '2026-03-01 12:00:00+00', 0, 'a9894e3a-c864-4c6f-8e6e-e3fa036141ff', 'add', 'account', 2, NULL, '{"customer_id": 2, "number": "X0000003", "currency_code": "USD"}'),
	(7, '2026-03-01 12:00:00+00', 0, '6c2e6991-84d7-4302-8b14-a7773e6f3d88', 'add', 'account', 3, NULL, '{"customer_id": 2, "number": "X0000004", "currency_code": "USD"}'),
	(8, '2026-03-01 12:00:00+00', 0, 'dcf10b3f-9c28-4caa-a927-60088bee0691', 'add', 'account', 4, NULL, '{"customer_id": 2, "number": "X0000005", "currency_code": "USD"}'),
	(9, '2026-03-01 12:00:00+00', 0, '46ecc8c3-f4aa-4cec-863a-736e0095623f', 'add', 'account', 5, NULL, '{"customer_id": 2, "number": "X0000006", "currency_code": "JPY"}'),
	(10, '2026-03-01 12:00:00+00', 0, '46578f00-ae47-416a-a3f5-36d8174d5df9', 'add', 'user', 2, NULL, '{"name": "Kim", "role": "Standard", "customer_id": 2}'),
	(11, '2026-03-01 12:00:00+00', 0, '46578f00-ae47-416a-a3f5-36d8174d5df9', 'issue', 'token', 3, NULL, '{"user_id": 2, "kind": "developer"}'),
	(12, '2026-03-01 12:00:00+00', 0, '46578f00-ae47-416a-a3f5-36d8174d5df9', 'add', 'user', 3, NULL, '{"name": "Lee", "role": "Standard", "customer_id": 2}'),
	(13, '2026-03-01 12:00:00+00', 0, '46578f00-ae47-416a-a3f5-36d8174d5df9', 'issue', 'token', 4, NULL, '{"user_id": 3, "kind": "developer"}'),
	(14, '2026-03-01 12:00:00+00', 0, '46578f00-ae47-416a-a3f5-36d8174d5df9', 'issue', 'token', 5, NULL, '{"user_id": 2, "kind": "developer"}'),
	(15, '2026-03-01 12:00:00+00', 0, '46578f00-ae47-416a-a3f5-36d8174d5df9', 'set password', 'user', 2, NULL, NULL),
	(16, '2026-03-01 12:01:00+00', 0, '02a6e5b3-c5d0-4ba1-bd18-ad91e329e604', 'revoke', 'token', 5, NULL, NULL),
	(17, '2026-03-01 12:01:00+00', 0, '1eb2d066-2ba0-487c-ada9-f017f53460f4', 'disable', 'user', 3, NULL, '{"disabled_at": "2026-03-01T12:01:00+00:00"}'),
	(18, '2026-03-01 12:01:00+00', 0, '954dd1d9-0a70-4f09-9afd-6a7b1bb2a689', 'add', 'coupon_class', 1, NULL, '{"name": "Spring", "coupon_type": "CouponType.RETENTION", "currency_code": "USD", "amount": "50", "percent_off": null, "spend_threshold": "0", "active_duration": null, "start_date": null, "end_date": null, "expiration_date": null}'),
	(19, '2026-03-01 12:01:00+00', 0, '39adb944-2a36-466d-8a3f-77a03fdf0bdc', 'mint', 'coupon_batch', 1, NULL, '{"class_id": 1, "created_count": 2}'),
	(20, '2026-03-01 12:01:00+00', 0, 'b774a1b2-5875-45a9-8403-320a86385953', 'add', 'coupon_class', 2, NULL, '{"name": "Feature", "coupon_type": "CouponType.RETENTION", "currency_code": "USD", "amount": "50", "percent_off": null, "spend_threshold": "0", "active_duration": null, "start_date": null, "end_date": null, "expiration_date": null}'),
	(21, '2026-03-01 12:01:00+00', 0, '0768f737-93d2-47ff-86dc-881a79349354', 'mint', 'coupon_batch', 2, NULL, '{"class_id": 2, "created_count": 2}'),
	(22, '2026-03-01 12:01:00+00', 0, 'e80fc503-3b66-45c4-b444-0c6cf317b7c6', 'add', 'coupon_class', 3, NULL, '{"name": "Yen", "coupon_type": "CouponType.RETENTION", "currency_code": "JPY", "amount": "50", "percent_off": null, "spend_threshold": "0", "active_duration": null, "start_date": null, "end_date": null, "expiration_date": null}'),
	(23, '2026-03-01 12:01:00+00', 0, '2dc666d5-9766-4f7f-881d-6030b64b0645', 'mint', 'coupon_batch', 3, NULL, '{"class_id": 3, "created_count": 2}'),
	(24, '2026-03-01 12:01:00+00', 0, '8638e90c-095f-4594-93b2-5420c9b4fe97', 'add', 'coupon_class', 4, NULL, '{"name": "Retired", "coupon_type": "CouponType.RETENTION", "currency_code": "USD", "amount": "50", "percent_off": null, "spend_threshold": "0", "active_duration": null, "start_date": null, "end_date": null, "expiration_date": null}'),
	(25, '2026-03-01 12:01:00+00', 0, 'e7673263-4c52-4603-9917-3c3bd242380d', 'mint', 'coupon_batch', 4, NULL, '{"class_id": 4, "created_count": 2}'),
	(26, '2026-03-01 12:01:00+00', 0, 'f3287fc1-c656-49af-85c8-f1f7f7324aec', 'mint', 'coupon_batch', 5, NULL, '{"class_id": 1, "created_count": 2}'),
	(27, '2026-03-01 12:02:00+00', 0, '0e1bfd48-d9d5-44b6-b6e8-18bb0c3e33d7', 'dispatch', 'coupon', 1, NULL, '{"sent_to_email": "anna@example.com"}'),
	(28, '2026-03-01 12:02:00+00', 0, '0e1bfd48-d9d5-44b6-b6e8-18bb0c3e33d7', 'dispatch', 'coupon', 2, NULL, '{"sent_to_email": "bela@example.com"}'),
	(29, '2026-03-01 12:03:00+00', 0, 'e08bffd7-11b6-4f23-bc35-e9ee8fa513e3', 'update', 'coupon_class', 1, '{"coupon_type": "CouponType.RETENTION", "currency_code": "USD", "amount": "50", "percent_off": null, "spend_threshold": "0", "active_duration": null, "start_date": null, "end_date": null, "expiration_date": null}', '{"coupon_type": "CouponType.RETENTION", "currency_code": "USD", "amount": "50", "percent_off": null, "spend_threshold": "0", "active_duration": null, "start_date": null, "end_date": null, "expiration_date": null}'),
	(30, '2026-03-01 12:03:00+00', 0, 'f817cbf0-8718-47f8-8aed-2c78d7c52ca9', 'retire', 'coupon_class', 4, NULL, '{"retired_at": "2026-03-01T12:03:00+00:00"}'),
	(31, '2026-03-01 12:03:00+00', 0, '9bd81f75-eaee-4983-84f2-09bf4a0e7f45', 'add', 'coupon_class', 5, NULL, '{"name": "Class 7", "coupon_type": "CouponType.RETENTION", "currency_code": "USD", "amount": "50", "percent_off": null, "spend_threshold": "0", "active_duration": null, "start_date": null, "end_date": null, "expiration_date": null}'),
	(32, '2026-03-01 12:03:00+00', 0, '9db28227-62e5-4935-ad78-9b461f4ca04b', 'mint', 'coupon_batch', 6, NULL, '{"class_id": 5, "created_count": 1}'),
	(33, '2026-03-01 12:03:00+00', 0, '5d0ed182-ab46-46b0-891e-a8196a01760b', 'claim', 'coupon', 11, NULL, '{"claimed_account_id": 2, "claimed_at": "2026-03-01T12:03:00+00:00"}'),
	(34, '2026-03-01 12:03:00+00', 0, '017165af-85be-493f-a336-50333a714d21', 'distribute', 'coupon', 3, NULL, '{"claimed_account_id": 3, "claimed_at": "2026-03-01T12:03:00+00:00", "email": "waiter@example.com"}'),
	(35, '2026-03-01 12:04:00+00', 0, 'e244282c-0cc7-4623-9d1c-9674c84aa73f', 'add', 'coupon_class', 6, NULL, '{"name": "Class 8", "coupon_type": "CouponType.RETENTION", "currency_code": "USD", "amount": "50", "percent_off": null, "spend_threshold": "10", "active_duration": "30", "start_date": null, "end_date": null, "expiration_date": null}'),
	(36, '2026-03-01 12:04:00+00', 0, '2956140d-c171-4f64-a469-32ad10fa8753', 'mint', 'coupon_batch', 7, NULL, '{"class_id": 6, "created_count": 1}'),
	(37, '2026-03-01 12:04:00+00', 0, '53e92fe4-4d21-464b-8bec-e0251ba6c640', 'redeem', 'coupon', 12, NULL, '{"account_id": 2, "redeemed_at": "2026-03-01T12:04:00+00:00", "expires_at": "2026-03-31T12:04:00+00:00", "balance": "50"}'),
	(65, '2026-03-01 12:14:00+00', 0, '5ed4a1c2-5995-4b7d-92cb-ed1e44d55882', 'spend', 'coupon', 14, '{"spend_to_threshold": "0", "balance": "0", "is_active": true, "activated_at": "2026-03-01T12:06:00+00:00"}', '{"spend_to_threshold": "0", "balance": "0", "is_active": true, "activated_at": "2026-03-01T12:06:00+00:00", "drawn": "2.00", "reference": "last"}'),
	(38, '2026-03-01 12:05:00+00', 0, '53251c42-3ea6-485a-9bd5-2391778a4d70', 'add', 'coupon_class', 7, NULL, '{"name": "Class 9", "coupon_type": "CouponType.RETENTION", "currency_code": "USD", "amount": "50", "percent_off": "10", "spend_threshold": "0", "active_duration": null, "start_date": "2026-03-01 12:00:00+00:00", "end_date": "2026-03-01 20:15:00+00:00", "expiration_date": null}'),
	(39, '2026-03-01 12:05:00+00', 0, '232ffee2-4a00-41c9-a5e0-857c2025144f', 'mint', 'coupon_batch', 8, NULL, '{"class_id": 7, "created_count": 1}'),
	(40, '2026-03-01 12:05:00+00', 0, '2c841ee3-a582-497f-8ae6-c83de593b92a', 'redeem', 'coupon', 13, NULL, '{"account_id": 2, "redeemed_at": "2026-03-01T12:05:00+00:00", "expires_at": "9999-12-31T23:59:59+00:00", "balance": "50"}'),
	(41, '2026-03-01 12:05:00+00', 0, '2c841ee3-a582-497f-8ae6-c83de593b92a', 'activate', 'coupon', 13, '{"spend_to_threshold": "0", "balance": "50", "is_active": false, "activated_at": null}', '{"spend_to_threshold": "0", "balance": "50.00", "is_active": true, "activated_at": "2026-03-01T12:05:00+00:00", "drawn": "0.00"}'),
	(42, '2026-03-01 12:06:00+00', 0, '170de844-0416-4ed5-87d0-5546206c38c1', 'add', 'coupon_class', 8, NULL, '{"name": "Class 10", "coupon_type": "CouponType.RETENTION", "currency_code": "USD", "amount": "0", "percent_off": "10", "spend_threshold": "0", "active_duration": null, "start_date": null, "end_date": null, "expiration_date": null}'),
	(43, '2026-03-01 12:06:00+00', 0, '4437ee36-faab-4dd6-b38d-3801587fffac', 'mint', 'coupon_batch', 9, NULL, '{"class_id": 8, "created_count": 1}'),
	(44, '2026-03-01 12:06:00+00', 0, '01117942-7e04-43c3-a5ec-2d3474aefc61', 'redeem', 'coupon', 14, NULL, '{"account_id": 3, "redeemed_at": "2026-03-01T12:06:00+00:00", "expires_at": "9999-12-31T23:59:59+00:00", "balance": "0"}'),
	(45, '2026-03-01 12:06:00+00', 0, '01117942-7e04-43c3-a5ec-2d3474aefc61', 'activate', 'coupon', 14, '{"spend_to_threshold": "0", "balance": "0", "is_active": false, "activated_at": null}', '{"spend_to_threshold": "0", "balance": "0", "is_active": true, "activated_at": "2026-03-01T12:06:00+00:00", "drawn": "0.00"}'),
	(46, '2026-03-01 12:07:00+00', 0, '215f22f1-d41c-4f22-a01f-0cc4797bc3a3', 'add', 'coupon_class', 9, NULL, '{"name": "Class 11", "coupon_type": "CouponType.ACQUISITION", "currency_code": "USD", "amount": "50", "percent_off": null, "spend_threshold": "0", "active_duration": null, "start_date": null, "end_date": null, "expiration_date": null}'),
	(47, '2026-03-01 12:07:00+00', 0, '3150c670-1983-4f02-8caa-0d104b828547', 'mint', 'coupon_batch', 10, NULL, '{"class_id": 9, "created_count": 1}'),
	(48, '2026-03-01 12:07:00+00', 0, '302803f1-aa98-4400-adbf-77fa199395ff', 'redeem', 'coupon', 15, NULL, '{"account_id": 4, "redeemed_at": "2026-03-01T12:07:00+00:00", "expires_at": "9999-12-31T23:59:59+00:00", "balance": "50"}'),
	(49, '2026-03-01 12:07:00+00', 0, '302803f1-aa98-4400-adbf-77fa199395ff', 'activate', 'coupon', 15, '{"spend_to_threshold": "0", "balance": "50", "is_active": false, "activated_at": null}', '{"spend_to_threshold": "0", "balance": "50", "is_active": true, "activated_at": "2026-03-01T12:07:00+00:00", "drawn": "0"}'),
	(50, '2026-03-01 12:08:00+00', 0, '8877fa0c-662d-444f-8ad0-effc58315959', 'redeem', 'coupon', 11, NULL, '{"account_id": 2, "redeemed_at": "2026-03-01T12:08:00+00:00", "expires_at": "9999-12-31T23:59:59+00:00", "balance": "50"}'),
	(51, '2026-03-01 12:08:00+00', 0, 'fe9d88b4-d635-4c81-aa58-172306ba6d0b', 'add', 'coupon_class', 10, NULL, '{"name": "Class 12", "coupon_type": "CouponType.RETENTION", "currency_code": "USD", "amount": "50", "percent_off": null, "spend_threshold": "0", "active_duration": null, "start_date": null, "end_date": null, "expiration_date": null}'),
	(52, '2026-03-01 12:08:00+00', 0, '080c3afe-165b-40b3-b1c1-a79905448868', 'mint', 'coupon_batch', 11, NULL, '{"class_id": 10, "created_count": 1}'),
	(53, '2026-03-01 12:09:00+00', 0, '32290977-6f2a-4d61-a667-b6dd4ccef913', 'record', 'spend', 1, NULL, '{"account_id": 3, "reference": "first", "amount": "30", "spent_at": "2026-03-01T12:09:00+00:00"}'),
	(54, '2026-03-01 12:09:00+00', 0, '32290977-6f2a-4d61-a667-b6dd4ccef913', 'spend', 'coupon', 14, '{"spend_to_threshold": "0", "balance": "0", "is_active": true, "activated_at": "2026-03-01T12:06:00+00:00"}', '{"spend_to_threshold": "0", "balance": "0", "is_active": true, "activated_at": "2026-03-01T12:06:00+00:00", "drawn": "3.00", "reference": "first"}'),
	(55, '2026-03-01 12:10:00+00', 0, 'c8414762-758b-4954-a4a1-a2b5bfde24ea', 'record', 'spend', 2, NULL, '{"account_id": 2, "reference": "threshold", "amount": "10", "spent_at": "2026-03-01T12:10:00+00:00"}'),
	(56, '2026-03-01 12:10:00+00', 0, 'c8414762-758b-4954-a4a1-a2b5bfde24ea', 'spend', 'coupon', 12, '{"spend_to_threshold": "0", "balance": "50", "is_active": false, "activated_at": null}', '{"spend_to_threshold": "10", "balance": "50", "is_active": false, "activated_at": null, "drawn": "0", "reference": "threshold"}'),
	(57, '2026-03-01 12:10:00+00', 0, 'c8414762-758b-4954-a4a1-a2b5bfde24ea', 'spend', 'coupon', 13, '{"spend_to_threshold": "0", "balance": "50", "is_active": true, "activated_at": "2026-03-01T12:05:00+00:00"}', '{"spend_to_threshold": "0", "balance": "49.00", "is_active": true, "activated_at": "2026-03-01T12:05:00+00:00", "drawn": "1.00", "reference": "threshold"}'),
	(58, '2026-03-01 12:11:00+00', 0, '040fc01f-6275-46cc-9c55-6ec1294b1b4a', 'record', 'spend', 3, NULL, '{"account_id": 2, "reference": "drawn", "amount": "40", "spent_at": "2026-03-01T12:11:00+00:00"}'),
	(59, '2026-03-01 12:11:00+00', 0, '040fc01f-6275-46cc-9c55-6ec1294b1b4a', 'spend', 'coupon', 13, '{"spend_to_threshold": "0", "balance": "49", "is_active": true, "activated_at": "2026-03-01T12:05:00+00:00"}', '{"spend_to_threshold": "0", "balance": "45.00", "is_active": true, "activated_at": "2026-03-01T12:05:00+00:00", "drawn": "4.00", "reference": "drawn"}'),
	(60, '2026-03-01 12:12:00+00', 0, '22dfbbf0-b963-4b27-8194-cb1a1e2b52c2', 'record', 'spend', 4, NULL, '{"account_id": 2, "reference": "reversed", "amount": "5", "spent_at": "2026-03-01T12:12:00+00:00"}'),
	(61, '2026-03-01 12:12:00+00', 0, '22dfbbf0-b963-4b27-8194-cb1a1e2b52c2', 'spend', 'coupon', 13, '{"spend_to_threshold": "0", "balance": "45", "is_active": true, "activated_at": "2026-03-01T12:05:00+00:00"}', '{"spend_to_threshold": "0", "balance": "44.50", "is_active": true, "activated_at": "2026-03-01T12:05:00+00:00", "drawn": "0.50", "reference": "reversed"}'),
	(62, '2026-03-01 12:13:00+00', 0, '1b3b7971-26d8-41d2-bde8-7b195195904c', 'record', 'spend', 5, NULL, '{"account_id": 4, "reference": "using up", "amount": "50", "spent_at": "2026-03-01T12:13:00+00:00"}'),
	(63, '2026-03-01 12:13:00+00', 0, '1b3b7971-26d8-41d2-bde8-7b195195904c', 'spend', 'coupon', 15, '{"spend_to_threshold": "0", "balance": "50", "is_active": true, "activated_at": "2026-03-01T12:07:00+00:00"}', '{"spend_to_threshold": "0", "balance": "0", "is_active": false, "activated_at": "2026-03-01T12:07:00+00:00", "drawn": "50", "reference": "using up"}'),
	(64, '2026-03-01 12:14:00+00', 0, '5ed4a1c2-5995-4b7d-92cb-ed1e44d55882', 'record', 'spend', 6, NULL, '{"account_id": 3, "reference": "last", "amount": "20", "spent_at": "2026-03-01T12:14:00+00:00"}'),
	(66, '2026-03-01 12:15:00+00', 0, '5aa98eb1-0e38-49c8-85c8-037e0c285f6c', 'reverse', 'spend', 4, NULL, '{"reversed_at": "2026-03-01T12:15:00+00:00"}'),
	(67, '2026-03-01 12:15:00+00', 0, '5aa98eb1-0e38-49c8-85c8-037e0c285f6c', 'reverse spend', 'coupon', 13, '{"spend_to_threshold": "0", "balance": "44.5", "is_active": true, "activated_at": "2026-03-01T12:05:00+00:00"}', '{"spend_to_threshold": "0", "balance": "45.0", "is_active": true, "activated_at": "2026-03-01T12:05:00+00:00", "drawn": "-0.5", "reference": "reversed"}'),
	(68, '2026-03-01 12:16:00+00', 0, '2540d6d2-c813-43d7-9eb3-dfe7dbf2dd02', 'resend', 'coupon', 3, NULL, '{"message_id": 3, "recipient": "waiter@example.com"}'),
	(69, '2026-03-01 12:16:00+00', 0, '8ba3621a-957a-4cb9-821b-7ac2d7c7f4d4', 'resend', 'coupon', 1, NULL, '{"message_id": 1, "recipient": "anna@example.com"}');


--
-- Data for Name: coupon; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.coupon VALUES
	(4, 2, 2, 2, 1, 'NJBQRW', NULL, NULL, NULL, NULL, NULL, NULL),
	(5, 3, 3, 3, 0, '86QRAE', NULL, NULL, NULL, NULL, NULL, NULL),
	(6, 3, 3, 3, 1, 'X86428', NULL, NULL, NULL, NULL, NULL, NULL),
	(7, 4, 4, 4, 1, 'AS5UJV', NULL, NULL, NULL, NULL, NULL, NULL),
	(8, 4, 4, 4, 0, 'Y4PCKW', NULL, NULL, NULL, NULL, NULL, NULL),
	(9, 1, 1, 5, 3, 'BKPKN4', NULL, NULL, NULL, NULL, NULL, NULL),
	(10, 1, 1, 5, 2, 'LDK5QK', NULL, NULL, NULL, NULL, NULL, NULL),
	(1, 1, 1, 1, 0, '37YFFQ', 'anna@example.com', '2026-03-01 12:02:00+00', NULL, NULL, NULL, NULL),
	(2, 1, 1, 1, 1, 'ZYWMLA', 'bela@example.com', '2026-03-01 12:02:00+00', NULL, NULL, NULL, NULL),
	(3, 2, 2, 2, 0, 'BXBY8D', NULL, NULL, 3, '2026-03-01 12:03:00+00', 7, NULL),
	(12, 6, 7, 7, 0, '28WHZS', NULL, NULL, NULL, NULL, NULL, '2026-03-01 12:04:00+00'),
	(13, 7, 8, 8, 0, 'CETLW9', NULL, NULL, NULL, NULL, NULL, '2026-03-01 12:05:00+00'),
	(14, 8, 9, 9, 0, '33JMC4', NULL, NULL, NULL, NULL, NULL, '2026-03-01 12:06:00+00'),
	(15, 9, 10, 10, 0, '998MWB', NULL, NULL, NULL, NULL, NULL, '2026-03-01 12:07:00+00'),
	(11, 5, 6, 6, 0, 'E3EYZ4', NULL, NULL, 2, '2026-03-01 12:03:00+00', 7, '2026-03-01 12:08:00+00'),
	(16, 10, 11, 11, 0, 'YMG59U', NULL, NULL, NULL, NULL, NULL, NULL);


--
-- Data for Name: coupon_batch; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.coupon_batch VALUES
	(1, 1, 2, 2, '2026-03-01 12:01:00+00'),
	(2, 2, 2, 2, '2026-03-01 12:01:00+00'),
	(3, 3, 2, 2, '2026-03-01 12:01:00+00'),
	(4, 4, 2, 2, '2026-03-01 12:01:00+00'),
	(5, 1, 2, 2, '2026-03-01 12:01:00+00'),
	(6, 5, 1, 1, '2026-03-01 12:03:00+00'),
	(7, 6, 1, 1, '2026-03-01 12:04:00+00'),
	(8, 7, 1, 1, '2026-03-01 12:05:00+00'),
	(9, 8, 1, 1, '2026-03-01 12:06:00+00'),
	(10, 9, 1, 1, '2026-03-01 12:07:00+00'),
	(11, 10, 1, 1, '2026-03-01 12:08:00+00');


--
-- Data for Name: coupon_class; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.coupon_class VALUES
	(2, 2, 2, 'Feature', 7, '######', 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789', 'en', 2, NULL, '2026-03-01 12:01:00+00'),
	(3, 2, 3, 'Yen', NULL, '######', 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789', 'en', 2, NULL, '2026-03-01 12:01:00+00'),
	(1, 2, 5, 'Spring', NULL, '######', 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789', 'en', 4, NULL, '2026-03-01 12:01:00+00'),
	(4, 2, 4, 'Retired', NULL, '######', 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789', 'en', 2, '2026-03-01 12:03:00+00', '2026-03-01 12:01:00+00'),
	(5, 2, 6, 'Class 7', 7, '######', 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789', 'en', 1, NULL, '2026-03-01 12:03:00+00'),
	(6, 2, 7, 'Class 8', NULL, '######', 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789', 'en', 1, NULL, '2026-03-01 12:04:00+00'),
	(7, 2, 8, 'Class 9', NULL, '######', 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789', 'en', 1, NULL, '2026-03-01 12:05:00+00'),
	(8, 2, 9, 'Class 10', NULL, '######', 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789', 'en', 1, NULL, '2026-03-01 12:06:00+00'),
	(9, 2, 10, 'Class 11', NULL, '######', 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789', 'en', 1, NULL, '2026-03-01 12:07:00+00'),
	(10, 2, 11, 'Class 12', NULL, '######', 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789', 'en', 1, NULL, '2026-03-01 12:08:00+00');


--
-- Data for Name: coupon_terms; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.coupon_terms VALUES
	(1, 'Retention', 'USD', 50.000000, NULL, 0.000000, NULL, NULL, NULL, NULL),
	(2, 'Retention', 'USD', 50.000000, NULL, 0.000000, NULL, NULL, NULL, NULL),
	(3, 'Retention', 'JPY', 50.000000, NULL, 0.000000, NULL, NULL, NULL, NULL),
	(4, 'Retention', 'USD', 50.000000, NULL, 0.000000, NULL, NULL, NULL, NULL),
	(5, 'Retention', 'USD', 50.000000, NULL, 0.000000, NULL, NULL, NULL, NULL),
	(6, 'Retention', 'USD', 50.000000, NULL, 0.000000, NULL, NULL, NULL, NULL),
	(7, 'Retention', 'USD', 50.000000, NULL, 10.000000, 30, NULL, NULL, NULL),
	(8, 'Retention', 'USD', 50.000000, 10.000000, 0.000000, NULL, '2026-03-01 12:00:00+00', '2026-03-01 20:15:00+00', NULL),
	(9, 'Retention', 'USD', 0.000000, 10.000000, 0.000000, NULL, NULL, NULL, NULL),
	(10, 'Acquisition', 'USD', 50.000000, NULL, 0.000000, NULL, NULL, NULL, NULL),
	(11, 'Retention', 'USD', 50.000000, NULL, 0.000000, NULL, NULL, NULL, NULL);


--
-- Data for Name: customer; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.customer VALUES
	(1, 'First customer', '2026-03-01 12:00:00+00'),
	(2, 'Customer 1', '2026-03-01 12:00:00+00'),
	(3, 'Customer 2', '2026-03-01 12:00:00+00');


--
-- Data for Name: idempotency_key; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.idempotency_key VALUES
	(2, 'key', 'DispatchCoupons', '\x0000000000000000000000000000000000000000000000000000000000000000', '<reply/>', NULL, NULL, '2026-03-01 12:01:00+00');


--
-- Data for Name: ledger; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.ledger VALUES
	(1, 14, 1, false, 0.000000, 3.000000, false),
	(2, 12, 2, false, 10.000000, 0.000000, false),
	(3, 13, 2, false, 0.000000, 1.000000, false),
	(4, 13, 3, false, 0.000000, 4.000000, false),
	(5, 13, 4, false, 0.000000, 0.500000, false),
	(6, 15, 5, false, 0.000000, 50.000000, false),
	(7, 14, 6, false, 0.000000, 2.000000, false),
	(8, 13, 4, true, 0.000000, 0.500000, false);


--
-- Data for Name: membership; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.membership VALUES
	(1, 1, NULL, 'Operator'),
	(2, 2, 2, 'Standard'),
	(3, 3, 2, 'Standard');


--
-- Data for Name: outbox; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.outbox VALUES
	(2, '<bfe3b0da-22d5-4188-a1ab-a9a507397188@coupon-billing.invalid>', 'dispatch', 'bela@example.com', 2, 'failed', 1, '2026-03-01 12:21:00+00', 'no such mailbox', '2026-03-01 12:02:00+00', NULL),
	(3, '<fa1c1ab2-73f0-4215-98e0-77129ab108a5@coupon-billing.invalid>', 'distribute', 'waiter@example.com', 3, 'queued', 0, '2026-03-01 12:16:00+00', NULL, '2026-03-01 12:03:00+00', NULL),
	(1, '<5a1a85a1-43fb-4070-9eb3-1e9aecfe8ad9@coupon-billing.invalid>', 'dispatch', 'anna@example.com', 1, 'sent', 1, '2026-03-01 12:21:00+00', NULL, '2026-03-01 12:02:00+00', '2026-03-01 12:16:00+00');


--
-- Data for Name: redemption; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.redemption VALUES
	(11, 2, '2026-03-01 12:08:00+00', '9999-12-31 23:59:59+00', NULL, false, 50.000000, 0.000000, 50.000000, 'USD', NULL),
	(12, 2, '2026-03-01 12:04:00+00', '2026-03-31 12:04:00+00', NULL, false, 50.000000, 10.000000, 50.000000, 'USD', NULL),
	(15, 4, '2026-03-01 12:07:00+00', '9999-12-31 23:59:59+00', '2026-03-01 12:07:00+00', false, 50.000000, 0.000000, 0.000000, 'USD', 2),
	(14, 3, '2026-03-01 12:06:00+00', '9999-12-31 23:59:59+00', '2026-03-01 12:06:00+00', true, 0.000000, 0.000000, 0.000000, 'USD', NULL),
	(13, 2, '2026-03-01 12:05:00+00', '9999-12-31 23:59:59+00', '2026-03-01 12:05:00+00', true, 50.000000, 0.000000, 45.000000, 'USD', NULL);


--
-- Data for Name: service_user; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.service_user VALUES
	(1, 'operator', '$argon2id$v=19$m=65536,t=3,p=4$JpfP36BDnQqI6Xt7t8Wpkg$nyv7Uq/lRS8B49o4aORub7w4CGfcV3hxNk22Y70jGQI', '2026-03-01 12:00:00+00', NULL),
	(2, 'Kim', '$argon2id$v=19$m=65536,t=3,p=4$li9AKEhtxs7N95Czzm65fA$MjCDqNEsSeQl1re+fBjbetNvBzhdjoJr9jM0sL/xg1s', '2026-03-01 12:00:00+00', NULL),
	(3, 'Lee', NULL, '2026-03-01 12:00:00+00', '2026-03-01 12:01:00+00');


--
-- Data for Name: spend; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.spend VALUES
	(1, 2, 3, 'first', 30.000000, '2026-03-01 12:09:00+00', '2026-03-01 12:09:00+00', NULL),
	(2, 2, 2, 'threshold', 10.000000, '2026-03-01 12:10:00+00', '2026-03-01 12:10:00+00', NULL),
	(3, 2, 2, 'drawn', 40.000000, '2026-03-01 12:11:00+00', '2026-03-01 12:11:00+00', NULL),
	(5, 2, 4, 'using up', 50.000000, '2026-03-01 12:13:00+00', '2026-03-01 12:13:00+00', NULL),
	(6, 2, 3, 'last', 20.000000, '2026-03-01 12:14:00+00', '2026-03-01 12:14:00+00', NULL),
	(4, 2, 2, 'reversed', 5.000000, '2026-03-01 12:12:00+00', '2026-03-01 12:12:00+00', '2026-03-01 12:15:00+00');


--
-- Data for Name: token; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.token VALUES
	(1, 1, 'developer', '\xa4b85911782abcca4ddb40a0dfb36336239bf100bbf59c80569237117c64b848', '2026-03-01 12:00:00+00', NULL, NULL),
	(2, 1, 'authentication', '\x31becd5ea7d7e2b0e635aec6d38cdc5714cd96d4f2556ee9165983c65d44d7b4', '2026-03-01 12:00:00+00', NULL, NULL),
	(3, 2, 'developer', '\xb8fda74fd2887e5eb2666af5c8eb0c70929bdb4789df7e286dcbd41f053aabf2', '2026-03-01 12:00:00+00', NULL, NULL),
	(5, 2, 'developer', '\x26b589ccd121da233869c0750ed1ead118b885b4aee6125a6846a5904b56ae40', '2026-03-01 12:00:00+00', NULL, '2026-03-01 12:01:00+00'),
	(4, 3, 'developer', '\x70ff140cc3ff30f5c42d3d50609892b8f2e0a7fa9760b6cc08fb4377f3d27462', '2026-03-01 12:00:00+00', NULL, '2026-03-01 12:01:00+00');


--
-- Name: account_account_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.account_account_id_seq', 5, true);


--
-- Name: audit_audit_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.audit_audit_id_seq', 69, true);


--
-- Name: coupon_batch_batch_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.coupon_batch_batch_id_seq', 11, true);


--
-- Name: coupon_class_class_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.coupon_class_class_id_seq', 10, true);


--
-- Name: coupon_coupon_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.coupon_coupon_id_seq', 16, true);


--
-- Name: coupon_terms_terms_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.coupon_terms_terms_id_seq', 11, true);


--
-- Name: customer_customer_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.customer_customer_id_seq', 3, true);


--
-- Name: ledger_line_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.ledger_line_id_seq', 8, true);


--
-- Name: membership_membership_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.membership_membership_id_seq', 3, true);


--
-- Name: outbox_message_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.outbox_message_id_seq', 3, true);


--
-- Name: service_user_user_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.service_user_user_id_seq', 3, true);


--
-- Name: spend_spend_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.spend_spend_id_seq', 6, true);


--
-- Name: token_token_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.token_token_id_seq', 5, true);


--
-- Name: alembic_version alembic_version_pkc; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);


--
-- Name: account pk_account; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.account
    ADD CONSTRAINT pk_account PRIMARY KEY (account_id);


--
-- Name: audit pk_audit; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.audit
    ADD CONSTRAINT pk_audit PRIMARY KEY (audit_id);


--
-- Name: coupon pk_coupon; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.coupon
    ADD CONSTRAINT pk_coupon PRIMARY KEY (coupon_id);


--
-- Name: coupon_batch pk_coupon_batch; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.coupon_batch
    ADD CONSTRAINT pk_coupon_batch PRIMARY KEY (batch_id);


--
-- Name: coupon_class pk_coupon_class; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.coupon_class
    ADD CONSTRAINT pk_coupon_class PRIMARY KEY (class_id);


--
-- Name: coupon_terms pk_coupon_terms; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.coupon_terms
    ADD CONSTRAINT pk_coupon_terms PRIMARY KEY (terms_id);


--
-- Name: customer pk_customer; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.customer
    ADD CONSTRAINT pk_customer PRIMARY KEY (customer_id);


--
-- Name: idempotency_key pk_idempotency_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.idempotency_key
    ADD CONSTRAINT pk_idempotency_key PRIMARY KEY (user_id, key);


--
-- Name: ledger pk_ledger; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ledger
    ADD CONSTRAINT pk_ledger PRIMARY KEY (line_id);


--
-- Name: membership pk_membership; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.membership
    ADD CONSTRAINT pk_membership PRIMARY KEY (membership_id);


--
-- Name: outbox pk_outbox; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT pk_outbox PRIMARY KEY (message_id);


--
-- Name: redemption pk_redemption; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.redemption
    ADD CONSTRAINT pk_redemption PRIMARY KEY (coupon_id);


--
-- Name: service_user pk_service_user; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.service_user
    ADD CONSTRAINT pk_service_user PRIMARY KEY (user_id);


--
-- Name: spend pk_spend; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.spend
    ADD CONSTRAINT pk_spend PRIMARY KEY (spend_id);


--
-- Name: token pk_token; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.token
    ADD CONSTRAINT pk_token PRIMARY KEY (token_id);


--
-- Name: account uq_account_number; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.account
    ADD CONSTRAINT uq_account_number UNIQUE (number);


--
-- Name: coupon_class uq_coupon_class_customer_id_name; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.coupon_class
    ADD CONSTRAINT uq_coupon_class_customer_id_name UNIQUE (customer_id, name);


--
-- Name: coupon uq_coupon_class_id_seq; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.coupon
    ADD CONSTRAINT uq_coupon_class_id_seq UNIQUE (class_id, seq);


--
-- Name: coupon uq_coupon_code; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.coupon
    ADD CONSTRAINT uq_coupon_code UNIQUE (code);


--
-- Name: ledger uq_ledger_spend_id_coupon_id_is_reversal; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ledger
    ADD CONSTRAINT uq_ledger_spend_id_coupon_id_is_reversal UNIQUE (spend_id, coupon_id, is_reversal);


--
-- Name: membership uq_membership_user_id_customer_id; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.membership
    ADD CONSTRAINT uq_membership_user_id_customer_id UNIQUE (user_id, customer_id);


--
-- Name: outbox uq_outbox_mail_id; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT uq_outbox_mail_id UNIQUE (mail_id);


--
-- Name: redemption uq_redemption_acquisition_customer_id; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.redemption
    ADD CONSTRAINT uq_redemption_acquisition_customer_id UNIQUE (acquisition_customer_id);


--
-- Name: service_user uq_service_user_name; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.service_user
    ADD CONSTRAINT uq_service_user_name UNIQUE (name);


--
-- Name: spend uq_spend_customer_id_reference; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.spend
    ADD CONSTRAINT uq_spend_customer_id_reference UNIQUE (customer_id, reference);


--
-- Name: token uq_token_digest; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.token
    ADD CONSTRAINT uq_token_digest UNIQUE (digest);


--
-- Name: ix_account_customer_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_account_customer_id ON public.account USING btree (customer_id);


--
-- Name: ix_audit_entity_entity_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_audit_entity_entity_id ON public.audit USING btree (entity, entity_id);


--
-- Name: ix_audit_tracking_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_audit_tracking_id ON public.audit USING btree (tracking_id);


--
-- Name: ix_coupon_batch_class_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_coupon_batch_class_id ON public.coupon_batch USING btree (class_id);


--
-- Name: ix_coupon_claimed_account_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_coupon_claimed_account_id ON public.coupon USING btree (claimed_account_id) WHERE (claimed_at IS NOT NULL);


--
-- Name: ix_coupon_unused; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_coupon_unused ON public.coupon USING btree (class_id, seq) WHERE ((sent_at IS NULL) AND (claimed_at IS NULL) AND (redeemed_at IS NULL));


--
-- Name: ix_idempotency_key_created_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_idempotency_key_created_at ON public.idempotency_key USING btree (created_at);


--
-- Name: ix_ledger_coupon_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_ledger_coupon_id ON public.ledger USING btree (coupon_id);


--
-- Name: ix_outbox_coupon_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_outbox_coupon_id ON public.outbox USING btree (coupon_id);


--
-- Name: ix_outbox_due; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_outbox_due ON public.outbox USING btree (next_attempt_at) WHERE ((state)::text = 'queued'::text);


--
-- Name: ix_redemption_account_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_redemption_account_id ON public.redemption USING btree (account_id);


--
-- Name: ix_spend_account_id_spent_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_spend_account_id_spent_at ON public.spend USING btree (account_id, spent_at);


--
-- Name: ix_spend_standing; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_spend_standing ON public.spend USING btree (customer_id, spent_at) WHERE (reversed_at IS NULL);


--
-- Name: ix_token_user_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_token_user_id ON public.token USING btree (user_id);


--
-- Name: uq_coupon_claimed_feature; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX uq_coupon_claimed_feature ON public.coupon USING btree (claimed_account_id, claimed_feature_id) WHERE (claimed_feature_id IS NOT NULL);


--
-- Name: uq_membership_operator; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX uq_membership_operator ON public.membership USING btree (user_id) WHERE (customer_id IS NULL);


--
-- Name: uq_redemption_active; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX uq_redemption_active ON public.redemption USING btree (account_id) WHERE is_active;


--
-- Name: account fk_account_customer_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.account
    ADD CONSTRAINT fk_account_customer_id FOREIGN KEY (customer_id) REFERENCES public.customer(customer_id);


--
-- Name: coupon_batch fk_coupon_batch_class_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.coupon_batch
    ADD CONSTRAINT fk_coupon_batch_class_id FOREIGN KEY (class_id) REFERENCES public.coupon_class(class_id);


--
-- Name: coupon fk_coupon_batch_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.coupon
    ADD CONSTRAINT fk_coupon_batch_id FOREIGN KEY (batch_id) REFERENCES public.coupon_batch(batch_id);


--
-- Name: coupon fk_coupon_claimed_account_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.coupon
    ADD CONSTRAINT fk_coupon_claimed_account_id FOREIGN KEY (claimed_account_id) REFERENCES public.account(account_id);


--
-- Name: coupon_class fk_coupon_class_customer_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.coupon_class
    ADD CONSTRAINT fk_coupon_class_customer_id FOREIGN KEY (customer_id) REFERENCES public.customer(customer_id);


--
-- Name: coupon fk_coupon_class_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.coupon
    ADD CONSTRAINT fk_coupon_class_id FOREIGN KEY (class_id) REFERENCES public.coupon_class(class_id);


--
-- Name: coupon_class fk_coupon_class_terms_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.coupon_class
    ADD CONSTRAINT fk_coupon_class_terms_id FOREIGN KEY (terms_id) REFERENCES public.coupon_terms(terms_id);


--
-- Name: coupon fk_coupon_terms_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.coupon
    ADD CONSTRAINT fk_coupon_terms_id FOREIGN KEY (terms_id) REFERENCES public.coupon_terms(terms_id);


--
-- Name: idempotency_key fk_idempotency_key_user_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.idempotency_key
    ADD CONSTRAINT fk_idempotency_key_user_id FOREIGN KEY (user_id) REFERENCES public.service_user(user_id);


--
-- Name: ledger fk_ledger_coupon_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ledger
    ADD CONSTRAINT fk_ledger_coupon_id FOREIGN KEY (coupon_id) REFERENCES public.redemption(coupon_id);


--
-- Name: ledger fk_ledger_spend_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ledger
    ADD CONSTRAINT fk_ledger_spend_id FOREIGN KEY (spend_id) REFERENCES public.spend(spend_id);


--
-- Name: membership fk_membership_customer_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.membership
    ADD CONSTRAINT fk_membership_customer_id FOREIGN KEY (customer_id) REFERENCES public.customer(customer_id);


--
-- Name: membership fk_membership_user_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.membership
    ADD CONSTRAINT fk_membership_user_id FOREIGN KEY (user_id) REFERENCES public.service_user(user_id);


--
-- Name: outbox fk_outbox_coupon_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT fk_outbox_coupon_id FOREIGN KEY (coupon_id) REFERENCES public.coupon(coupon_id);


--
-- Name: redemption fk_redemption_account_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.redemption
    ADD CONSTRAINT fk_redemption_account_id FOREIGN KEY (account_id) REFERENCES public.account(account_id);


--
-- Name: redemption fk_redemption_acquisition_customer_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.redemption
    ADD CONSTRAINT fk_redemption_acquisition_customer_id FOREIGN KEY (acquisition_customer_id) REFERENCES public.customer(customer_id);


--
-- Name: redemption fk_redemption_coupon_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.redemption
    ADD CONSTRAINT fk_redemption_coupon_id FOREIGN KEY (coupon_id) REFERENCES public.coupon(coupon_id);


--
-- Name: spend fk_spend_account_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.spend
    ADD CONSTRAINT fk_spend_account_id FOREIGN KEY (account_id) REFERENCES public.account(account_id);


--
-- Name: spend fk_spend_customer_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.spend
    ADD CONSTRAINT fk_spend_customer_id FOREIGN KEY (customer_id) REFERENCES public.customer(customer_id);


--
-- Name: token fk_token_user_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.token
    ADD CONSTRAINT fk_token_user_id FOREIGN KEY (user_id) REFERENCES public.service_user(user_id);


--
-- PostgreSQL database dump complete
--


