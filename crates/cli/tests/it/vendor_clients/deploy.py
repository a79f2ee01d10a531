"""What a customer's scripts do with xldeploy-py: each function is one script, run as `python - NAME PORT TOKEN [MORE]`."""

import sys
import time

from xldeploy.client import Client
from xldeploy.config import Config
from xldeploy.domain.ConfigurationItem import ConfigurationItem
from xldeploy.domain.QueryBuilder import QueryBuilder
from xldeploy.errors import APIError, XLDeployAuthenticationError

NAME, PORT, TOKEN = sys.argv[1:4]
MORE = sys.argv[4:]
PLACE = "Configuration/SMTPSERVERTEST"


def connect(token=TOKEN):
    return Client(Config(host="127.0.0.1", port=PORT, token=token, authentication_method="pat"))


client = connect()
repository = client.repository


def server(place=PLACE, **more):
    properties = {
        "host": "mail.example.org",
        "port": 587,
        "username": "patgate",
        "password": "hunter2 hunter2",
        "fromAddress": "patgate@example.org",
        "smtpProperties": {"mail.smtp.starttls.enable": "true"},
    }
    return ConfigurationItem(place, "notification.PatSmtpServer", {**properties, **more})


def refused(call, *words):
    """The call fails with these words in what the client tells."""
    try:
        call()
    except APIError as error:
        told = str(error)
        for word in words:
            assert word in told, told
    else:
        raise AssertionError("it was not refused")


def authenticate():
    client.http_client.authenticate()
    try:
        connect("dpa_wrong").http_client.authenticate()
    except ValueError as error:
        assert "You were not authenticated correctly" in str(error), error
    else:
        raise AssertionError("a wrong token passed")
    try:
        connect("dpa_wrong").repository.read(PLACE)
    except XLDeployAuthenticationError as error:
        assert str(error).startswith("401 Client Error: Unauthorized"), error


def create_and_read():
    made = repository.create_ci(server())
    assert (made.id, made.type) == (PLACE, "notification.PatSmtpServer")
    read = repository.read(PLACE)
    assert read.host == "mail.example.org" and read.port == 587, read.properties
    assert read.smtpProperties == {"mail.smtp.starttls.enable": "true"}, read.properties
    assert read.password == "********", read.properties


def update():
    repository.create_ci(server())
    ci = repository.read(PLACE)
    ci.testAddress = "ann@example.org"
    changed = repository.update_ci(ci)
    assert changed.testAddress == "ann@example.org" and changed.password == "********", changed.properties
    # With a password of its own again, the user name may change; with the stored one it may not.
    changed.username = "somebody"
    refused(lambda: repository.update_ci(changed), "400 Client Error", "`properties.password`: give this again")


def stale():
    repository.create_ci(server())
    mine, theirs = repository.read(PLACE), repository.read(PLACE)
    theirs.testAddress = "bob@example.org"
    repository.update_ci(theirs)
    mine.testAddress = "ann@example.org"
    refused(lambda: repository.update_ci(mine), "409 Client Error")
    assert repository.read(PLACE).testAddress == "bob@example.org"


def exists_and_delete():
    assert repository.exists(PLACE) is False
    repository.create_ci(server())
    assert repository.exists(PLACE) is True
    repository.delete(PLACE)
    assert repository.exists(PLACE) is False
    repository.create_ci(server())
    repository.delete_list([PLACE, "Configuration/nothing"])
    assert repository.exists(PLACE) is False


def delete_without_permission():
    """The client does not see the status: only `exists` tells."""
    repository.delete(PLACE)
    assert repository.exists(PLACE) is True


def query():
    repository.create_ci(ConfigurationItem("Configuration/Mail", "core.Directory", {}))
    repository.create_ci(server())
    repository.create_ci(server("Configuration/Mail/Second"))
    builder = QueryBuilder().type("notification.PatSmtpServer").parent("Configuration")
    assert repository.query(builder.build()) == [{"ref": PLACE, "type": "notification.PatSmtpServer"}]
    refs = lambda builder, ask=repository.query: [ci["ref"] for ci in ask(builder.build())]
    assert refs(QueryBuilder().result_per_page(-1)) == ["Configuration/Mail", "Configuration/Mail/Second", PLACE]
    assert refs(QueryBuilder().page(1).result_per_page(2)) == [PLACE]
    assert refs(QueryBuilder().name_pattern("SMTP%")) == [PLACE]
    assert refs(QueryBuilder().ancestor("Configuration/Mail")) == ["Configuration/Mail/Second"]
    assert refs(QueryBuilder().id_pattern("%/Mail/%"), repository.queryV3) == ["Configuration/Mail/Second"]
    moved = repository.move("Configuration/Mail/Second", "Configuration/Third")
    assert moved.id == "Configuration/Third" and moved.password == "********", moved.properties
    assert repository.rename("Configuration/Third", "Fourth").id == "Configuration/Fourth"
    copied = repository.copy("Configuration/Fourth", "Configuration/Fifth")
    assert copied.host == "mail.example.org" and not copied.has_property("password"), copied.properties


def state():
    assert client.http_client.get("/server/state") == {"current-mode": "RUNNING"}


def blanks():
    repository.create_ci(server())
    builder = QueryBuilder().type("notification.PatSmtpServer ").parent(" Configuration ")
    assert repository.query(builder.build()) == [{"ref": PLACE, "type": "notification.PatSmtpServer"}]
    assert repository.rename(PLACE, " Renamed ").id == "Configuration/Renamed"


def missing():
    refused(lambda: repository.read("Configuration/nothing"), "404", "Repository entity [Configuration/nothing] not found")


def wrong():
    repository.create_ci(server())
    refused(lambda: repository.create_ci(server()), "400 Client Error", "this name")
    refused(lambda: repository.create_ci(ConfigurationItem("Configuration/x", "udm.Environment", {})), "udm.Environment")
    bare = ConfigurationItem("Configuration/x", "notification.PatSmtpServer", {})
    refused(lambda: repository.create_ci(bare), "properties.host", "properties.fromAddress")
    refused(lambda: repository.update_ci(server(port=0)), "400 Client Error", "properties.port")
    refused(lambda: repository.create_ci(server("Environments/x")), "Configuration")


def metadata():
    descriptors = {descriptor["type"]: descriptor for descriptor in client.metadata.list_descriptors()}
    properties = descriptors["notification.PatSmtpServer"]["properties"]
    assert [p["name"] for p in properties if p["required"]] == ["host", "port", "fromAddress"], properties
    assert [p["name"] for p in properties if p["password"]] == ["password"], properties


def send_test_mail():
    port, address = MORE
    repository.create_ci(
        ConfigurationItem(
            PLACE,
            "notification.PatSmtpServer",
            {"host": "127.0.0.1", "port": int(port), "fromAddress": "patgate@example.org", "testAddress": address},
        )
    )
    prepared = client.http_client.get("/control/prepare/sendTestMail/" + PLACE)
    task = client.http_client.post("/control", body=prepared)["string"]
    assert client.tasks.get_task(task)["state"] == "PENDING"
    client.tasks.start(task)
    end = time.monotonic() + 30
    while client.tasks.get_task(task)["state"] == "EXECUTING" and time.monotonic() < end:
        time.sleep(0.05)
    assert client.tasks.get_task(task)["state"] == "EXECUTED", client.tasks.get_task(task)
    client.tasks.archive(task)
    assert client.tasks.get_task(task)["state"] == "DONE"


def owners_name():
    """As the clients must that refuse an empty user name."""

    def named(name):
        return Client(Config(host="127.0.0.1", port=PORT, username=name, password=TOKEN))

    named("admin").http_client.authenticate()
    assert named("admin").repository.exists(PLACE) is False
    try:
        named("ann").http_client.authenticate()
    except ValueError as error:
        assert "You were not authenticated correctly" in str(error), error
    else:
        raise AssertionError("another user's name passed")


def which_token():
    """A token of Release's is none here, and one of both products is."""
    assert TOKEN.startswith("dpa_")
    release, both = MORE
    connect(both).http_client.authenticate()
    try:
        connect(release).repository.exists(PLACE)
    except XLDeployAuthenticationError as error:
        assert str(error).startswith("401 Client Error"), error
    else:
        raise AssertionError("a token of Release's passed")


def deleted_token():
    path = "/tokens/users"
    made = client.http_client.get(path)
    assert [token["tokenNote"] for token in made] == ["deployer"], made
    assert TOKEN[4:] not in str(made)
    assert client.http_client.delete(path + "/" + made[0]["id"]).status_code // 100 == 2
    try:
        repository.exists(PLACE)
    except XLDeployAuthenticationError as error:
        assert str(error).startswith("401 Client Error"), error
    else:
        raise AssertionError("a deleted token passed")


def scope():
    """A token that may see configuration items changes none."""
    repository.create_ci(server())
    narrow = connect(MORE[0]).repository
    assert narrow.read(PLACE).host == "mail.example.org"
    refused(lambda: narrow.create_ci(server("Configuration/Second")), "403", "You do not have config#edit permission")
    assert repository.exists("Configuration/Second") is False


globals()[NAME]()
