//! The calls, with `{server}` for the place of a mail server in the middle, `{endpoint}` for that of a webhook endpoint,
//! `{folder}` for that of a folder, `{template}` and `{release}` for what they say, `{gate}` for the task at which that release
//! waits, and `{i}` for the number of the round. `{made}`, `{planned}`, `{waiting}`, `{token}`, `{deploy-token}`,
//! `{other-token}` and `{task}` are a template, a release, a gate, tokens and a control task that each round has for itself;
//! `{failed}` and `{failed-task}` a release and a task that failed. `Configuration/box` is a folder with a hundred mail servers.
//! Those that begin with `XML` are answered in XML, and those that begin with `PASSWORD` are asked with a user name and its
//! password.

/// What one asks.
pub(super) const CALLS: [&str; 67] = [
    "GET /api/v1/releases",
    "GET /api/v1/templates",
    "GET /api/v1/templates/{template}",
    "GET /api/v1/templates/{template}/variables",
    "GET /api/v1/releases/{release}",
    "GET /api/v1/releases/{release}/variables",
    "GET /api/v1/releases/{release}/variableValues",
    "GET /api/v1/releases/{release}/active-tasks",
    "GET /api/v1/tasks/{gate}",
    "GET /api/v1/tasks/{gate}/log",
    "POST /api/v1/releases/search",
    "POST /api/v1/releases/search/overview",
    "POST /api/v1/releases/fullSearch",
    "POST /api/v1/releases/count",
    "GET /api/v1/releases/byTitle?releaseTitle=Ship%201.2",
    "GET /api/v1/users",
    "GET /api/v1/users?page=99",
    "GET /api/v1/users?fullName=rson%209999",
    "GET /api/v1/users?email=nobody&loginAllowed=True",
    "GET /api/v1/users?lastActiveAfter=2099-01-01",
    "GET /api/v1/users/person-5000",
    "GET /api/v1/roles",
    "GET /api/v1/roles?roleName=admin&principalName=admin",
    "GET /api/v1/roles/Administrators",
    "GET /api/v1/global-permissions",
    "GET /api/v1/personal-access-tokens",
    "GET /api/v1/personal-access-tokens/current",
    "GET /api/v1/settings/instance-information",
    "GET /api/v1/settings/Configuration/settings/general",
    "GET /api/v1/config/byTypeAndTitle?configurationType=notification.PatSmtpServer&title=server-2525",
    "GET /api/v1/config/byTypeAndTitle?title=server-2525",
    "GET /api/v1/config/byTypeAndTitle?configurationType=git.Repository",
    "GET /api/v1/config/{server}",
    "GET /api/v1/config/{endpoint}",
    "POST /api/v1/config/byIds",
    "GET /profile",
    "XML GET /server/info",
    "GET /api/v1/deployit",
    "GET /deployit/server/info",
    "GET /deployit/server/state",
    "GET /deployit/metadata/type",
    "XML GET /deployit/metadata/type",
    "GET /deployit/metadata/type/notification.PatSmtpServer",
    "GET /deployit/tokens/users",
    "GET /deployit/security/user",
    "GET /deployit/security/user?page=99",
    "GET /deployit/security/user?fullName=rson%209999",
    "GET /deployit/security/user//list?username=person-99",
    "GET /deployit/security/user/person-5000",
    "GET /deployit/repository/ci/{server}",
    "XML GET /deployit/repository/ci/{server}",
    "GET /deployit/repository/ci/{endpoint}",
    "GET /deployit/repository/exists/{server}",
    "GET /deployit/repository/query?resultsPerPage=100",
    "GET /deployit/repository/query?resultsPerPage=100&page=99",
    "XML GET /deployit/repository/query?type=notification.PatSmtpServer&parent={folder}",
    "GET /deployit/repository/query?ancestor={folder}",
    "GET /deployit/repository/query?namePattern=server-25%25",
    "GET /deployit/repository/v2/query?namePattern=%25nothing%25is%25called%25this%25",
    "GET /deployit/repository/v3/query?idPattern=%25/folder-25/%2525",
    "GET /deployit/repository/query?lastModifiedAfter=2099-01-01",
    "POST /deployit/repository/cis/read",
    "GET /deployit/repository/ci/new?type=notification.PatSmtpServer",
    "XML GET /deployit/repository/ci/new?type=events.PostWebhookEndpoint",
    "POST /deployit/repository/validate",
    "POST /deployit/repository/candidate-values?propertyName=host",
    "XML GET /deployit/control/prepare/sendTestMail/{server}",
];

/// Those that answer all there is.
pub(super) const CALLS_OF_ALL: [&str; 6] = [
    "GET /deployit/repository/query",
    "XML GET /deployit/repository/query",
    "GET /deployit/security/user?resultsPerPage=-1",
    "GET /api/v1/config/byTypeAndTitle",
    // The examples of the guides.
    "GET /deployit/repository/query?type=notification.PatSmtpServer",
    "GET /api/v1/config/byTypeAndTitle?configurationType=notification.PatSmtpServer",
];

/// What one changes. The ones after the others need what those made.
pub(super) const WRITES: [&str; 45] = [
    "POST /deployit/repository/ci/Configuration/new-{i}",
    "PUT /deployit/repository/ci/Configuration/new-{i}",
    "POST /deployit/repository/copy/Configuration/new-{i}?newId=Configuration/copy-{i}",
    "POST /deployit/repository/rename/Configuration/new-{i}?newName=renamed-{i}",
    "POST /deployit/repository/move/Configuration/renamed-{i}?newId={folder}/moved-{i}",
    "DELETE /deployit/repository/ci/{folder}/moved-{i}",
    "DELETE /deployit/repository/ci/Configuration/copy-{i}",
    "POST /deployit/repository/cis",
    "PUT /deployit/repository/cis",
    "POST /deployit/repository/cis/delete",
    "POST /deployit/repository/copy/Configuration/box?newId=Configuration/box-{i}",
    "POST /deployit/repository/rename/Configuration/box-{i}?newName=crate-{i}",
    "POST /deployit/repository/move/Configuration/crate-{i}?newId={folder}/crate-{i}",
    "POST /api/v1/config",
    "PUT /api/v1/config/Configuration/config-{i}",
    "POST /api/v1/config/Configuration/config-{i}/copy",
    "DELETE /api/v1/config/Configuration/config-{i}",
    "POST /deployit/security/user/new-{i}",
    "PUT /deployit/security/user/new-{i}",
    "PUT /deployit/security/user/new-{i}/update",
    "PUT /api/v1/users/new-{i}",
    "PUT /api/v1/users",
    "DELETE /deployit/security/user/new-{i}",
    "POST /api/v1/users/new-{i}",
    "POST /api/v1/users/new-{i}/unlock",
    "DELETE /api/v1/users/new-{i}",
    "POST /api/v1/roles/new-{i}",
    "PUT /api/v1/roles/new-{i}",
    "POST /api/v1/roles/new-{i}/rename?newName=named-{i}",
    "DELETE /api/v1/roles/named-{i}",
    "POST /api/v1/templates",
    "PUT /api/v1/templates/{made}",
    "DELETE /api/v1/templates/{made}",
    "POST /api/v1/templates/{template}/create",
    "POST /api/v1/templates/{template}/start",
    "PUT /api/v1/releases/{planned}",
    "POST /api/v1/releases/{planned}/start",
    "POST /api/v1/releases/{planned}/abort",
    "DELETE /api/v1/releases/{planned}",
    "POST /api/v1/tasks/{waiting}/complete",
    "DELETE /api/v1/personal-access-tokens/{token}",
    "DELETE /deployit/tokens/users/{deploy-token}",
    "DELETE /deployit/tokens/users?id={other-token}",
    // Last: thousands of roles stay behind.
    "POST /api/v1/roles",
    "PUT /api/v1/roles",
];

/// What one does with a mail server: tasks that are kept in memory, and a try at a port where nobody listens.
pub(super) const TRIES: [&str; 5] = [
    "POST /deployit/control",
    "GET /deployit/tasks/v2/{task}",
    "GET /deployit/task/{task}",
    "DELETE /deployit/tasks/v2/{task}",
    "POST /api/v1/config/Configuration/nobody/status",
];

/// Sets a password. Tokens set none by default. One slow hash, the new one's: the administrator's password is known again.
pub(super) const SETS_A_PASSWORD: &str = "PASSWORD POST /api/v1/users/person-1/password";
/// What one asks and changes with a password.
pub(super) const BY_PASSWORD: [&str; 6] = [
    "PASSWORD GET /profile",
    "PASSWORD GET /api/v1/releases",
    "PASSWORD GET /deployit/server/info",
    "PASSWORD POST /api/v1/personal-access-tokens",
    "PASSWORD POST /deployit/tokens/users",
    SETS_A_PASSWORD,
];

/// What lets a release go on that failed. Its script runs again while the next call is made.
pub(super) const AGAIN: [&str; 2] =
    ["POST /api/v1/tasks/{failed-task}/retry", "POST /api/v1/releases/{failed}/restart"];
