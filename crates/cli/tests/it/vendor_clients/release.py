"""What a customer's scripts do with digitalai-release-api-client: each function is one script, run as
`python - NAME URL TOKEN [MORE]`."""

import json
import sys
import time
from xml.etree import ElementTree

from requests.exceptions import HTTPError

from com.xebialabs.xlrelease.api.v1.configuration_api import ConfigurationApi
from com.xebialabs.xlrelease.api.v1.permissions_api import PermissionsApi
from com.xebialabs.xlrelease.api.v1.release_api import ReleaseApi
from com.xebialabs.xlrelease.api.v1.roles_api import RolesApi
from com.xebialabs.xlrelease.api.v1.settings_api import SettingsApi
from com.xebialabs.xlrelease.api.v1.task_api import TaskApi
from com.xebialabs.xlrelease.api.v1.template_api import TemplateApi
from com.xebialabs.xlrelease.api.v1.user_api import UserApi
from com.xebialabs.xlrelease.domain.configuration import Configuration
from com.xebialabs.xlrelease.domain.forms import CreateRelease, ReleasesFilters, StartRelease
from com.xebialabs.xlrelease.domain.phase import Phase
from com.xebialabs.xlrelease.domain.release import Release
from com.xebialabs.xlrelease.domain.task import Task
from com.xebialabs.xlrelease.domain.variable import Variable
from com.xebialabs.xlrelease.domain.user import UserAccount
from com.xebialabs.xlrelease.release_api_client import ReleaseAPIClient

NAME, URL, TOKEN = sys.argv[1:4]
MORE = sys.argv[4:]
client = ReleaseAPIClient(URL, personal_access_token=TOKEN)


def refused(status, call):
    try:
        call()
    except HTTPError as error:
        assert error.response.status_code == status, error
    else:
        raise AssertionError("it was not refused")


def releases():
    assert ReleaseApi(client).getReleases(page=0, resultsPerPage=10) == []
    assert TemplateApi(client).getTemplates() == []


def release_life():
    """Makes a template, starts a release of it, watches it and deletes it."""
    templates, releases = TemplateApi(client), ReleaseApi(client)
    script = "print(api.get('/profile').json['username'])\nreleaseVariables['who'] = 'script'"
    task = Task(type="xlrelease.ScriptTask", title="Ask", script=script)
    template = Release(
        title="Ship it",
        phases=[Phase(title="Test", type="xlrelease.Phase", tasks=[task])],
        variables=[Variable(key="who", type="xlrelease.StringVariable", value="nobody")],
        scriptUsername="",
        scriptUserPassword=TOKEN,
    )
    template = templates.createTemplate(template)
    assert template.id.startswith("Applications/Release") and template.status == "TEMPLATE", template
    assert template.scriptUserPassword is None, template
    assert [found.id for found in templates.getTemplates(title="ship")] == [template.id]
    template.title = "Ship it well"
    assert templates.updateTemplate(template.id, template).title == "Ship it well"
    planned = templates.create(template.id, CreateRelease(releaseTitle="Ship 1.1", variables={"who": "me"}))
    assert planned.status == "PLANNED" and releases.getVariableValues(planned.id) == {"who": "me"}, planned
    assert [found.id for found in releases.getReleases(page=0, resultsPerPage=10)] == [planned.id]
    assert releases.getReleases(page=1, resultsPerPage=10) == []
    assert releases.abort(planned.id, "not today").status == "ABORTED"
    started = templates.start(template.id, StartRelease(releaseTitle="Ship 1.2"))
    assert started.id and started.status in ("IN_PROGRESS", "COMPLETED"), started
    end = time.monotonic() + 60
    while releases.getRelease(started.id).status == "IN_PROGRESS" and time.monotonic() < end:
        releases.getActiveTasks(started.id)
        time.sleep(0.05)
    done = releases.getRelease(started.id)
    assert done.status == "COMPLETED" and done.endDate >= done.startDate, done
    assert releases.getVariableValues(done.id) == {"who": "script"}, done
    found = releases.searchReleases(ReleasesFilters(title="Ship 1.2", statuses=["COMPLETED"]))
    assert [release.id for release in found] == [done.id]
    [overview] = releases.searchReleasesOverview(ReleasesFilters(title="Ship 1.2"))
    assert (overview.id, overview.startDate) == (done.id, done.startDate.replace(microsecond=overview.startDate.microsecond))
    paths = ["/api/v1/releases/search", "/api/v1/releases/search/overview"]
    text, number = [client.post(path, json={"title": "Ship 1.2"}).json()[0]["startDate"] for path in paths]
    assert isinstance(text, str) and "T" in text and isinstance(number, int) and number > 10**12, (text, number)
    assert releases.countReleases(ReleasesFilters()).total == 2
    assert [release.id for release in releases.searchReleasesByTitle("Ship 1.2")] == [done.id]
    for release in (planned, done):
        releases.delete(release.id)
        refused(404, lambda: releases.getRelease(release.id))
    templates.deleteTemplate(template.id)
    refused(404, lambda: templates.getTemplate(template.id))


def refused_token():
    wrong = ReleaseAPIClient(URL, personal_access_token="rpa_wrong")
    refused(401, lambda: ReleaseApi(wrong).getReleases(page=0, resultsPerPage=10))
    refused(401, lambda: SettingsApi(wrong).getInstanceInformation())


def lacks_permission():
    refused(403, lambda: ReleaseApi(client).getReleases(page=0, resultsPerPage=10))
    answer = client.get("/api/v1/releases")
    assert answer.text == "You do not have release#view permission", answer.text
    assert answer.headers["Content-Type"].startswith("text/plain"), answer.headers


def tokens():
    """Makes tokens with the vendor's call, uses them and deletes them."""
    password, deploy = MORE
    path = "/api/v1/personal-access-tokens"
    own = ReleaseAPIClient(URL, username="admin", password=password)
    answer = own.post(path, json={"tokenNote": "runner", "globalPermissions": ["runner#registration"]})
    assert answer.status_code // 100 == 2, answer.status_code
    made = answer.json()
    assert made["token"].startswith("rpa_"), sorted(made)
    for place in (path, path + "/" + made["id"], "/deployit/tokens/users"):
        assert made["token"][4:] not in own.get(place).text, place
    narrow = ReleaseAPIClient(URL, personal_access_token=made["token"])
    assert narrow.get(path + "/current").json()["globalPermissions"] == ["runner#registration"]
    assert SettingsApi(narrow).getInstanceInformation()["product"]
    # It opens what it names, and one without a list what its owner may.
    refused(403, lambda: ReleaseApi(narrow).getReleases(page=0, resultsPerPage=10))
    assert ReleaseApi(client).getReleases(page=0, resultsPerPage=10) == []
    assert own.delete(path + "/" + made["id"]).status_code // 100 == 2
    refused(401, lambda: SettingsApi(narrow).getInstanceInformation())
    # A token of Deploy's is none here.
    assert TOKEN.startswith("rpa_") and deploy.startswith("dpa_")
    refused(401, lambda: ReleaseApi(ReleaseAPIClient(URL, personal_access_token=deploy)).getReleases())


def owners_name():
    """As the clients must that refuse an empty user name."""
    named = lambda name: ReleaseApi(ReleaseAPIClient(URL, username=name, password=TOKEN))
    assert named("admin").getReleases(page=0, resultsPerPage=10) == []
    refused(401, lambda: named("ann").getReleases(page=0, resultsPerPage=10))


def narrowed():
    """What a role no longer gives, the tokens of those in it no longer have."""
    hers = ReleaseAPIClient(URL, personal_access_token=MORE[0])
    assert ReleaseApi(hers).getReleases(page=0, resultsPerPage=10) == []
    role = RolesApi(client).getRole("ann")
    assert "release#view" in role.permissions, role
    changed = {"name": "ann", "permissions": ["login"], "principals": [{"username": "ann"}]}
    assert client.put("/api/v1/roles/ann", json=changed).status_code // 100 == 2
    refused(403, lambda: ReleaseApi(hers).getReleases(page=0, resultsPerPage=10))
    assert hers.get("/profile").json()["username"] == "ann"


def build_server():
    """What a build server asks before it saves its credentials."""
    for asking in (client, ReleaseAPIClient(URL, username="admin", password=MORE[0])):
        profile = asking.get("/profile")
        assert profile.status_code == 200 and profile.json()["username"] == "admin", profile.text
        info = asking.get("/server/info", headers={"Accept": "application/xml"})
        assert info.status_code == 200 and info.headers["Content-Type"].startswith("application/xml"), info.headers
        version = ElementTree.fromstring(info.text).findtext("version")
        assert version.split(".")[0].isdigit(), info.text
    wrong = ReleaseAPIClient(URL, username="admin", password="wrong")
    assert [wrong.get(path).status_code for path in ("/profile", "/server/info")] == [401, 401]


def run_as_ends():
    """The token as which a release runs is deleted while it runs."""
    templates, releases, tasks = TemplateApi(client), ReleaseApi(client), TaskApi(client)
    path = "/api/v1/personal-access-tokens"
    own = ReleaseAPIClient(URL, username="admin", password=MORE[0])
    made = own.post(path, json={"tokenNote": "run as"}).json()
    wait = Task(type="xlrelease.GateTask", title="Wait")
    ask = Task(type="xlrelease.ScriptTask", title="Ask", script="print(api.get('/profile').status)")
    template = templates.createTemplate(
        Release(
            title="Ship it",
            phases=[Phase(title="Test", type="xlrelease.Phase", tasks=[wait, ask])],
            scriptUsername="",
            scriptUserPassword=made["token"],
        )
    )
    started = templates.start(template.id, StartRelease(releaseTitle="Ship 1.2"))
    assert own.delete(path + "/" + made["id"]).status_code // 100 == 2
    [gate] = releases.getActiveTasks(started.id)
    tasks.completeTask(gate.id)
    end = time.monotonic() + 60
    while releases.getRelease(started.id).status == "IN_PROGRESS" and time.monotonic() < end:
        time.sleep(0.05)
    text = client.get("/api/v1/releases/" + started.id).text
    failed = json.loads(text)
    assert failed["status"] == "FAILED", text
    assert "the token was deleted" in failed["phases"][0]["tasks"][1]["statusLine"], text
    assert made["token"][4:] not in text
    # And one that never was opens nothing.
    made = templates.createTemplate(Release(title="Never", scriptUsername="", scriptUserPassword=TOKEN))
    made.scriptUserPassword = "rpa_wrong"
    try:
        templates.updateTemplate(made.id, made)
        templates.start(made.id, StartRelease(releaseTitle="Never 1"))
    except HTTPError as error:
        assert error.response.status_code // 100 == 4 and "rpa_wrong" not in error.response.text, error.response.text
    else:
        raise AssertionError("a wrong token started a release")


def instance():
    information = SettingsApi(client).getInstanceInformation()
    assert sorted(information) == ["edition", "product", "version"], information
    assert all(isinstance(value, str) for value in information.values()), information
    general = SettingsApi(client).getSettings("Configuration/settings/general")
    assert general["id"] == "Configuration/settings/general", general


def permissions():
    assert "runner#registration" in PermissionsApi(client).getGlobalPermissions()


def users():
    api = UserApi(client)
    api.createUser("ann", UserAccount(username="ann", password=MORE[0], fullName="Ann Example", loginAllowed=True))
    ann = api.getUser("ann")
    assert (ann.username, ann.fullName, ann.external, ann.password) == ("ann", "Ann Example", False, None), ann
    ann.email = "ann@example.org"
    api.updateUser("ann", ann)
    # The client writes booleans with a capital letter.
    found = [user.username for user in api.findUsers(loginAllowed=True, external=False, email="ann@")]
    assert found == ["ann"], found
    assert api.findUsers(loginAllowed=False, external=False) == []
    own = ReleaseAPIClient(URL, username="ann", password=MORE[0])
    answer = own.post("/api/v1/users/ann/password", json={"currentPassword": MORE[0], "newPassword": MORE[1]})
    assert answer.status_code // 100 == 2, answer.text
    assert own.get("/profile").status_code == 401
    assert ReleaseAPIClient(URL, username="ann", password=MORE[1]).get("/profile").json()["username"] == "ann"
    names = [role.name for role in RolesApi(client).getRoles()]
    assert names, names
    answer = client.delete("/api/v1/users/ann")
    assert answer.status_code // 100 == 2, answer.text
    refused(404, lambda: api.getUser("ann"))


def configurations():
    api = ConfigurationApi(client)
    properties = {
        "host": "127.0.0.1",
        "port": int(MORE[0]),
        "fromAddress": "patgate@example.org",
        "username": "patgate",
        "password": "hunter2 hunter2",
    }
    mail = Configuration(type="notification.PatSmtpServer", title="Mail", properties=properties)
    made = api.addConfiguration(mail)
    assert made.id.startswith("Configuration/Custom/Configuration"), made
    assert made.properties["password"] == "********", made
    [found] = api.searchByTypeAndTitle(configurationType="notification.PatSmtpServer", title="Mail")
    assert found == api.getConfiguration(made.id) == made
    assert api.getConfigurations([made.id]) == [made]
    found.properties["testAddress"] = "ann@example.org"
    found.title = "Post"
    changed = api.updateConfiguration(found.id, found)
    assert (changed.id, changed.title) == (made.id, "Post"), changed
    assert changed.properties["testAddress"] == "ann@example.org" and changed.properties["password"] == "********"
    copy = api.duplicateConfiguration(made.id)
    assert copy.title == "Copy of Post" and "password" not in copy.properties, copy
    # The server takes mails from anybody, and no log-in.
    copy.properties["username"] = ""
    copy = api.updateConfiguration(copy.id, copy)
    assert "username" not in copy.properties, copy
    status = api.checkStatus(copy.id)
    assert status["success"] is True and status["scriptFound"] is True, status
    api.deleteConfiguration(copy.id)
    refused(404, lambda: api.getConfiguration(copy.id))


def flat_configuration():
    """As clients of an older generation write and change one."""
    flat = {"type": "notification.PatSmtpServer", "title": "Flat", "host": "mail.example.org", "fromAddress": "a@example.org"}
    made = client.post("/api/v1/config", json=flat).json()
    assert (made["host"], made["port"], made["properties"]["host"]) == ("mail.example.org", 587, "mail.example.org"), made
    made["port"] = 465
    changed = client.put("/api/v1/config/" + made["id"], json=made).json()
    assert (changed["port"], changed["properties"]["port"]) == (465, 465), changed


def encoded_ids():
    made = client.post("/api/v1/config", json={"type": "core.Directory", "title": "Folder"}).json()
    raw = client.get("/api/v1/config/" + made["id"])
    encoded = client.get("/api/v1/config/" + made["id"].replace("/", "%2F"))
    assert raw.status_code == encoded.status_code == 200 and raw.json() == encoded.json() == made


globals()[NAME]()
