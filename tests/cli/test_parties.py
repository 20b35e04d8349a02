"""init, customer, account, user, token."""

import sqlite3
from contextlib import closing

import pytest

from service.domain.roles import Credentials
from service.operations.authentication import Authenticator
from service.storage.engine import Database
from tests.storage.releases import load


def test_init_prints_the_first_keys_once(run, tmp_path):
    url = f"sqlite:///{tmp_path / 'new.db'}"
    keys = run("init", "--database", url, "--json").json
    assert list(keys) == [
        "customer_id",
        "account_id",
        "developer_token",
        "authentication_token",
        "user_name",
        "password",
    ]
    assert all(keys.values())
    again = run("init", "--database", url, "--json").json
    assert again == dict.fromkeys(keys)
    assert keys["password"] not in run("init", "--database", url).stdout


def test_the_first_keys_admit(run, tmp_path):
    url = f"sqlite:///{tmp_path / 'new.db'}"
    keys = run("init", "--database", url, "--json").json
    database = Database(url)
    authenticate = Authenticator(database)
    by_token = Credentials(keys["developer_token"], keys["authentication_token"])
    by_password = Credentials(
        keys["developer_token"], user_name=keys["user_name"], password=keys["password"]
    )
    callers = [authenticate(given, "id").caller for given in (by_token, by_password)]
    database.close()
    assert [caller.is_operator for caller in callers] == [True, True]


def test_init_tells_why_it_leaves_a_database_as_it_was(run, tmp_path):
    url = f"sqlite:///{tmp_path / 'old.db'}"
    load(url, "0001")
    with closing(sqlite3.connect(tmp_path / "old.db")) as connection, connection:
        connection.execute("UPDATE coupon SET class_id = 99 WHERE coupon_id = 1")
    refused = run("init", "--database", url, "--json", exit_code=1)
    assert refused.json["error"]["symbol"] == "DatabaseUnusable"
    assert "1 rows that point nowhere" in refused.json["error"]["details"]


def test_init_tells_people_their_tokens(run, tmp_path):
    said = run("init", "--database", f"sqlite:///{tmp_path / 'new.db'}")
    assert "developer_token" in said.stdout
    assert "stored only as hashes" in said.stderr


def test_customer_add_and_list(run, url):
    assert run("customer", "add", "--name", "Fabrikam", "--json").json == {"customer_id": 2}
    first, second = run("customer list --json").json["customers"]
    assert (first["customer_id"], first["name"]) == (1, "First customer")
    assert second.pop("created_at").endswith("Z")
    assert second == {"customer_id": 2, "name": "Fabrikam"}
    assert "Fabrikam" in run("customer list").stdout


def test_account_add_and_list(run, url):
    add = "account add --customer 1 --number X0000002 --currency EUR --email kim@EXAMPLE.com"
    assert run(add, "--json").json == {"account_id": 2}
    first = {"account_id": 1, "customer_id": 1, "number": "X0000001", "currency_code": "USD"}
    second = {"account_id": 2, "customer_id": 1, "number": "X0000002", "currency_code": "EUR"}
    assert run("account list --customer 1 --json").json == {
        "accounts": [{**first, "email": None}, {**second, "email": "kim@example.com"}]
    }
    assert "X0000002" in run("account list --customer 1").stdout


@pytest.mark.parametrize(
    ("options", "symbol"),
    [
        ("--customer 9 --number X0000002 --currency USD", "EntityNotExistent"),
        ("--customer 1 --number X0000001 --currency USD", "NameTaken"),
        ("--customer 1 --number short --currency USD", "ApiInputValidationError"),
        ("--customer 1 --number X0000002 --currency USD --email @", "ApiInputValidationError"),
    ],
)
def test_account_add_refuses(run, url, options, symbol):
    refused = run(f"account add {options}", "--json", exit_code=1)
    assert refused.json["error"]["symbol"] == symbol


def test_user_add_with_tokens_and_password(run, url):
    user = "user add --name Kim --role ReadOnly --customer 1 --password-stdin --json"
    assert run(user, stdin="s e c r e t\n").json == {"user_id": 2}
    issued = run("token issue --user Kim --kind developer --json").json
    assert list(issued) == ["token_id", "kind", "text"]
    database = Database(url)
    given = Credentials(issued["text"], user_name="Kim", password="s e c r e t")
    caller = Authenticator(database)(given, "id").caller
    database.close()
    assert caller.may_read(1)
    assert not caller.may_write(1)


def test_users_are_listed(run, url):
    run("user add --name Kim --role ReadOnly --customer 1")
    operator, kim = run("user list --json").json["users"]
    assert (operator["name"], operator["role"], operator["has_password"]) == (
        "operator",
        "Operator",
        True,
    )
    assert kim.pop("created_at").endswith("Z")
    assert kim == {
        "user_id": 2,
        "name": "Kim",
        "role": "ReadOnly",
        "customer_id": 1,
        "has_password": False,
        "disabled_at": None,
        "email": None,
    }
    assert "Kim" in run("user list").stdout


@pytest.mark.parametrize(
    ("line", "stdin"),
    [
        ("user set-password operator --password-stdin --json", "n e w\n"),
        ("user set-password operator --json", "n e w\nn e w\n"),
    ],
    ids=["read", "asked for"],
)
def test_a_new_password_admits(run, url, line, stdin):
    assert run(line, stdin=stdin).json == {"user_id": 1}
    developer = run("token issue --user operator --kind developer --json").json["text"]
    database = Database(url)
    given = Credentials(developer, user_name="operator", password="n e w")
    assert Authenticator(database)(given, "id").caller.is_operator
    database.close()


@pytest.mark.parametrize(
    ("line", "stdin", "exit_code"),
    [
        ("user set-password operator --password-stdin", "", 2),
        ("user set-password Kim --password-stdin", "n e w", 1),
        ("user disable Kim", None, 1),
    ],
)
def test_a_password_and_a_user_are_needed(run, url, line, stdin, exit_code):
    run(line, stdin=stdin, exit_code=exit_code)


def test_a_disabled_user_is_listed_as_such(run, url):
    assert run("user disable operator --json").json == {"user_id": 1}
    (operator,) = run("user list --json").json["users"]
    assert operator["disabled_at"].endswith("Z")
    assert not operator["has_password"]
    assert all(token["revoked_at"] for token in run("token list --json").json["tokens"])


def emails(run):
    return {user["name"]: user["email"] for user in run("user list --json").json["users"]}


def test_who_is_told_of_jobs_is_set_and_taken_away(run, url):
    run("user add --name Kim --role Operator --email kim@EXAMPLE.com")
    assert emails(run) == {"operator": None, "Kim": "kim@example.com"}
    assert run("user set-email operator ops@example.com --json").json == {"user_id": 1}
    run("user set-email Kim --remove")
    assert emails(run) == {"operator": "ops@example.com", "Kim": None}
    assert "ops@example.com" in run("user list").stdout


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [
        ("operator", 2),
        ("operator ops@example.com --remove", 2),
        ("operator nowhere", 1),
        ("Kim kim@example.com", 1),
    ],
)
def test_an_address_is_needed(run, url, arguments, exit_code):
    run(f"user set-email {arguments}", exit_code=exit_code)
    assert emails(run) == {"operator": None}


def test_init_takes_the_address_of_the_operator(run, tmp_path):
    url = f"sqlite:///{tmp_path / 'new.db'}"
    init = ["init", "--database", url, "--json", "--email"]
    refused = run(*init, "nowhere", exit_code=1)
    assert refused.json["error"]["symbol"] == "ApiInputValidationError"
    assert not (tmp_path / "new.db").exists()
    run(*init, "ops@example.com")
    (operator,) = run("user", "list", "--json", "--database", url).json["users"]
    assert operator["email"] == "ops@example.com"


SUBSCRIBE = "subscription add --account 1 --reference order-7 --product ads --rate-plan monthly"


def test_a_subscription_is_added_listed_and_ended(run, url):
    assert run(SUBSCRIBE, "--json").json == {"subscription_id": 1}
    (listed,) = run("subscription list --account 1 --json").json["subscriptions"]
    assert listed.pop("created_at").endswith("Z")
    running = {
        "subscription_id": 1,
        "account_id": 1,
        "reference": "order-7",
        "product_id": "ads",
        "rate_plan_id": "monthly",
        "currency_code": "USD",
        "ended_at": None,
    }
    assert listed == running
    assert "order-7" in run("subscription list --account 1").stdout
    ended = run("subscription end order-7 --json").json
    assert ended["ended_at"].endswith("Z")
    assert run("subscription end order-7 --json").json == ended
    assert run("subscription list --account 1 --json").json == {"subscriptions": [ended]}


@pytest.mark.parametrize(
    ("arguments", "symbol"),
    [
        (f"{SUBSCRIBE} --currency ZZZ", "ApiInputValidationError"),
        (SUBSCRIBE.replace("--account 1", "--account 9"), "AccountIdInvalid"),
        ("subscription list --account 9", "AccountIdInvalid"),
        ("subscription end order-7", "EntityNotExistent"),
    ],
)
def test_subscriptions_are_refused(run, url, arguments, symbol):
    refused = run(arguments, "--json", exit_code=1)
    assert refused.json["error"]["symbol"] == symbol


def test_user_add_refuses_an_empty_password(run, url):
    user = "user add --name Kim --role Operator --password-stdin"
    run(user, stdin="", exit_code=2)


def test_user_add_refuses_a_role_without_its_customer(run, url):
    refused = run("user add --name Kim --role Standard --json", exit_code=1)
    assert refused.json["error"]["symbol"] == "ApiInputValidationError"


def test_tokens_are_listed_without_their_text_and_revoked(run, url):
    issue = "token issue --user operator --kind authentication --expires 2030-01-31 --json"
    issued = run(issue).json
    assert run("token", "revoke", issued["token_id"], "--json").json == {"token_id": 3}
    listed = run("token", "list", "--json")
    assert issued["text"] not in listed.stdout
    last = listed.json["tokens"][-1]
    assert last.pop("created_at") < last.pop("revoked_at")
    assert last == {
        "token_id": 3,
        "user_name": "operator",
        "kind": "authentication",
        "expires_at": "2030-01-31T23:59:59.999999Z",
        "last_used_at": None,
    }


def test_a_revoked_token_is_not_revoked_again(run, url):
    run("token", "revoke", 1)
    refused = run("token", "revoke", 1, "--json", exit_code=1)
    assert refused.json["error"]["symbol"] == "EntityNotExistent"
