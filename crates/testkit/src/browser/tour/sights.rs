//! The table of the sights.

use super::Step::{Fill, Press, Run, See};
use super::scripts::{ANY_ADDRESS, ANY_WINDOW, LOSE, OPEN, SEND, STALE, TRY, TWICE};
use super::{Sight, Who};

/// Pages that show nothing of their own: they lead elsewhere, or hand out a file.
pub const SIGHTLESS: [&str; 12] = [
    "/",
    "/login/external/{name}",
    "/login/external-login",
    "/login/backchannel-logout/{name}",
    "/logout",
    "/assets/{digest}/{name}",
    "/favicon.ico",
    "/releases/{id}/live",
    "/admin/tokens.csv",
    "/admin/audit.jsonl",
    "/account/profile/password",
    "/account/profile/sessions/{session}",
];

/// All but those of releases, in the order of the places.
pub(super) const OTHERS: &[Sight] = &[
    Sight::of("login", "/login", "/login", "Log in").by(Who::Nobody),
    Sight::of("login-wrong", "/login", "/login", "Log in").by(Who::Nobody).after(&[
        Fill("User name", "admin"),
        Fill("Password", "wrong"),
        Press("Log in"),
        See("User name or password is wrong"),
    ]),
    Sight::of("login-done", "/login/done", "/login/done", "You are logged in"),
    Sight::of("kept", "", "/login", "Your session has ended").by(Who::Nobody).after(&[Run(LOSE)]),
    Sight::of("login-refused", "/oidc-login", "/oidc-login?code=a&state=b", "You are not signed in")
        .by(Who::Nobody),
    Sight::of("design", "/design", "/design", "Components").by(Who::Nobody),
    Sight::of("reset", "/reset/{secret}", "/reset/{link}", "Set a new password").by(Who::Nobody),
    Sight::of("reset-wrong", "/reset/{secret}", "/reset/{link}", "Set a new password").by(Who::Nobody).after(
        &[
            Fill("New password", "short"),
            Fill("New password again", "shorter"),
            Press("Set password"),
            See("The two passwords differ"),
        ],
    ),
    Sight::of("reset-over", "/reset/{secret}", "/reset/none", "This link opens nothing").by(Who::Nobody),
    Sight::of("tokens", "/account/tokens", "/account/tokens", "Personal access tokens"),
    Sight::of("tokens-menu", "/account/tokens", "/account/tokens", "Personal access tokens")
        .after(&[Press("Menu of admin"), See("Log out")]),
    Sight::of("tokens-panel", "/account/tokens", "/account/tokens", "Personal access tokens")
        .after(&[Press("Generate new tokens"), See("It is shown once")]),
    Sight::of("tokens-delete-dialog", "/account/tokens", "/account/tokens", "Personal access tokens")
        .after(&[Press("Delete laptop"), See("Delete laptop?")]),
    Sight::of("tokens-none", "/account/tokens", "/account/tokens?search=zebra", "Personal access tokens"),
    Sight::of("tokens-sso", "/account/tokens", "/account/tokens", "Personal access tokens").by(Who::OfSso),
    Sight::of("tokens-sso-none", "/account/tokens", "/account/tokens", "Personal access tokens")
        .by(Who::OfSsoWithout),
    Sight::of("tokens-select", "/account/tokens/new", "/account/tokens/new", "Generate token")
        .after(&[Press("Let me select permissions"), See("Of those that you hold")]),
    Sight::of("tokens-wrong", "/account/tokens/new", "/account/tokens/new", "Generate token").after(&[
        Run("document.querySelector('#name').value = 'x'.repeat(300)"),
        Press("Generate"),
        See("at most"),
    ]),
    Sight::of("tokens-closed", "/account/tokens/new", "/account/tokens/new", "You cannot generate tokens")
        .by(Who::OfSso),
    Sight::of(
        "tokens-made",
        "/account/tokens/new",
        "/account/tokens/new?name=nightly-build",
        "Token generated",
    )
    .after(&[Press("Generate")]),
    Sight::of(
        "tokens-again",
        "/account/tokens/new",
        "/account/tokens/new?name=sent-twice",
        "This form was already used",
    )
    .after(&[Run(TWICE)]),
    Sight::of(
        "tokens-clear",
        "/account/tokens/expired/clear",
        "/account/tokens/expired/clear",
        "Clear expired tokens?",
    ),
    Sight::of(
        "tokens-delete",
        "/account/tokens/{id}/delete",
        "/account/tokens/{own}/delete",
        "Delete laptop?",
    ),
    Sight::of("profile", "/account/profile", "/account/profile", "Profile"),
    Sight::of("profile-conflict", "/account/profile", "/account/profile", "Profile").after(&[
        Run(STALE),
        Fill("Full name", "The one administrator"),
        Press("Save profile"),
        See("What differs"),
    ]),
    Sight::of("profile-wrong", "/account/profile", "/account/profile", "Profile").after(&[
        Run(ANY_ADDRESS),
        Fill("E-mail", "not an address"),
        Press("Save profile"),
        See("A mail address looks like"),
    ]),
    Sight::of("profile-sso", "/account/profile", "/account/profile", "Profile").by(Who::OfSso),
    Sight::of("profile-logout", "/account/profile/logout", "/account/profile/logout", "Log out everywhere?"),
    Sight::of("api", "/account/api", "/account/api", "API").after(&[Run(TRY)]),
    Sight::of("api-open", "/account/api", "/account/api", "API").after(&[Run(OPEN)]),
    Sight::of("api-answer", "/account/api", "/account/api", "GET /api/v1/personal-access-tokens")
        .after(&[Run(SEND)]),
    Sight::of("all-tokens", "/admin/tokens", "/admin/tokens", "All tokens"),
    Sight::of("all-tokens-none", "/admin/tokens", "/admin/tokens?search=zebra", "All tokens"),
    Sight::of("all-tokens-wrong", "/admin/tokens", "/admin/tokens?owner=nobody&unused=x", "All tokens"),
    Sight::of(
        "all-tokens-delete",
        "/admin/tokens/delete",
        "/admin/tokens/delete?id={token}&id={another}",
        "Delete 2 tokens?",
    ),
    Sight::of("token-life", "/admin/tokens/{id}", "/admin/tokens/{token}", "terraform"),
    Sight::of("token-life-over", "/admin/tokens/{id}", "/admin/tokens/{gone}", "scratch"),
    Sight::of("users", "/admin/users", "/admin/users", "Users"),
    Sight::of("users-none", "/admin/users", "/admin/users?search=zebra", "Users"),
    Sight::of("users-new", "/admin/users/new", "/admin/users/new", "New user"),
    Sight::of("users-new-wrong", "/admin/users/new", "/admin/users/new", "New user").after(&[
        Fill("User name", "kim.lee"),
        Press("Make user"),
        See("taken"),
    ]),
    Sight::of("user", "/admin/users/{username}", "/admin/users/kim.lee", "kim.lee"),
    Sight::of("user-viewer", "/admin/users/{username}", "/admin/users/kim.lee", "kim.lee").by(Who::Viewer),
    Sight::of("user-disabled", "/admin/users/{username}", "/admin/users/per.olsen", "per.olsen"),
    Sight::of("user-sso", "/admin/users/{username}", "/admin/users/sam.meyer", "sam.meyer"),
    Sight::of("user-conflict", "/admin/users/{username}", "/admin/users/kim.lee", "kim.lee").after(&[
        Run(STALE),
        Fill("Full name", "Kim Lee-Brandt"),
        Press("Save"),
        See("What differs"),
    ]),
    Sight::of(
        "user-disable",
        "/admin/users/{username}/disable",
        "/admin/users/kim.lee/disable",
        "Disable kim.lee?",
    ),
    Sight::of("user-last", "/admin/users/{username}/disable", "/admin/users/admin/disable", "Disable admin?"),
    Sight::of(
        "user-enable",
        "/admin/users/{username}/enable",
        "/admin/users/per.olsen/enable",
        "Enable per.olsen?",
    ),
    Sight::of(
        "user-unlock",
        "/admin/users/{username}/unlock",
        "/admin/users/kim.lee/unlock",
        "Unlock kim.lee?",
    ),
    Sight::of(
        "user-link",
        "/admin/users/{username}/reset-link",
        "/admin/users/kim.lee/reset-link",
        "Make a password reset link for kim.lee?",
    ),
    Sight::of(
        "user-link-made",
        "/admin/users/{username}/reset-link",
        "/admin/users/kim.lee/reset-link",
        "Password reset link",
    )
    .after(&[Press("Make link")]),
    Sight::of(
        "user-delete",
        "/admin/users/{username}/delete",
        "/admin/users/kim.lee/delete",
        "Delete kim.lee?",
    ),
    Sight::of("roles", "/admin/roles", "/admin/roles", "Roles and permissions"),
    Sight::of("roles-none", "/admin/roles", "/admin/roles?search=zebra", "Roles and permissions"),
    Sight::of("roles-new", "/admin/roles/new", "/admin/roles/new", "New role"),
    Sight::of("role", "/admin/roles/{id}", "/admin/roles/{role}", "Kim team"),
    Sight::of("role-conflict", "/admin/roles/{id}", "/admin/roles/{role}", "Kim team").after(&[
        Run(STALE),
        Press("release#create create releases"),
        Press("Save role"),
        See("What differs"),
    ]),
    Sight::of("role-wrong", "/admin/roles/{id}/principals", "/admin/roles/{role}", "Kim team").after(&[
        Fill("Groups", "ops"),
        Press("Add to role"),
        See("Write the provider before the group"),
    ]),
    Sight::of(
        "role-search",
        "/admin/roles/{id}/principals/remove",
        "/admin/roles/{role}/principals/remove?search=zebra",
        "Kim team",
    ),
    Sight::of("role-viewer", "/admin/roles/{id}", "/admin/roles/{role}", "Kim team").by(Who::Viewer),
    Sight::of("role-rename", "/admin/roles/{id}/rename", "/admin/roles/{role}/rename", "Rename Kim team"),
    Sight::of(
        "role-delete",
        "/admin/roles/{id}/delete",
        "/admin/roles/{role}/delete",
        "Delete the role Kim team?",
    ),
    Sight::of("audit", "/admin/audit", "/admin/audit", "Audit log"),
    Sight::of("audit-none", "/admin/audit", "/admin/audit?actor=nobody", "Audit log"),
    Sight::of(
        "audit-partial",
        "/admin/audit",
        "/admin/audit?actor=migration&action=user.delete",
        "Audit log",
    )
    .after(&[See("Only a part of the log was looked through")]),
    Sight::of("configuration", "/configuration", "/configuration", "Configuration"),
    Sight::of("configuration-menu", "/configuration", "/configuration", "Configuration")
        .after(&[Press("New"), See("PatSmtpServer")]),
    Sight::of(
        "configuration-new",
        "/configuration/new",
        "/configuration/new?type=notification.PatSmtpServer&folder=Configuration/Mail",
        "New mail server",
    ),
    Sight::of("webhooks", "/configuration/webhooks", "/configuration/webhooks", "Webhooks and Events"),
    Sight::of("webhooks-menu", "/configuration/webhooks", "/configuration/webhooks", "Webhooks and Events")
        .after(&[Press("+ New HTTP Endpoint for Webhooks"), See("takes query parameters")]),
    Sight::of(
        "webhook-new",
        "/configuration/new",
        "/configuration/new?type=events.PostWebhookEndpoint&folder=Configuration",
        "New HTTP Endpoint for Webhooks (POST)",
    ),
    Sight::of("webhook", "/configuration/webhooks/{item}", "/configuration/webhooks/{hook}", "Builds"),
    Sight::of(
        "webhook-search",
        "/configuration/webhooks/{item}",
        "/configuration/webhooks/{hook}?search=zebra",
        "Builds",
    ),
    Sight::of(
        "webhook-test",
        "/configuration/webhooks/{item}/test",
        "/configuration/webhooks/{hook}/test",
        "Send a test request to Builds?",
    ),
    Sight::of(
        "webhook-refused",
        "/configuration/webhooks/{item}/refused",
        "/configuration/webhooks/{hook}/refused",
        "Refused requests",
    ),
    Sight::of(
        "webhook-deliveries",
        "/configuration/webhooks/{item}/deliveries",
        "/configuration/webhooks/{hook}/deliveries?state=waiting",
        "Forwarded requests",
    ),
    Sight::of(
        "webhook-request",
        "/configuration/webhooks/{item}/requests/{id}",
        "/configuration/webhooks/{hook}/requests/{request}",
        "Request {request}",
    ),
    Sight::of(
        "webhook-redeliver",
        "/configuration/webhooks/{item}/deliveries/{id}",
        "/configuration/webhooks/{hook}/deliveries/{delivery}",
        "Send this request to its receiver again?",
    ),
    Sight::of("configuration-folder", "/configuration/{item}", "/configuration/{folder}", "Mail"),
    Sight::of("configuration-item", "/configuration/{item}", "/configuration/{mail}", "SMTPSERVERTEST"),
    Sight::of("configuration-wrong", "/configuration/{item}", "/configuration/{mail}", "SMTPSERVERTEST")
        .after(&[Fill("Host", "evil.example"), Press("Save"), See("Nothing was saved yet")]),
    Sight::of(
        "configuration-delete",
        "/configuration/{item}/delete",
        "/configuration/{mail}/delete",
        "Delete the mail server SMTPSERVERTEST?",
    ),
    Sight::of(
        "configuration-test-mail",
        "/configuration/{item}/test-mail",
        "/configuration/{mail}/test-mail",
        "Test mail",
    ),
    Sight::of("settings", "/settings", "/settings", "System settings"),
    Sight::of("settings-conflict", "/settings", "/settings", "System settings").after(&[
        Run(STALE),
        Press("Tokens may make tokens"),
        Press("Save settings"),
        See("What differs"),
    ]),
    Sight::of("settings-wrong", "/settings", "/settings", "System settings").after(&[
        Run(ANY_WINDOW),
        Press("Save settings"),
        See("Nothing was saved yet"),
    ]),
    Sight::of("settings-viewer", "/settings", "/settings", "System settings").by(Who::Viewer),
    Sight::of("settings-preview", "/settings/preview", "/settings", "A maximum of 30 days").after(&[
        Run("document.querySelector('#maximum').value = '30'"),
        Press("Save settings"),
        See("tokens are touched"),
    ]),
    Sight::of(
        "settings-undo",
        "/settings/decisions/{id}/undo",
        "/settings/decisions/{decision}/undo",
        "Undo this decision?",
    ),
    Sight::of(
        "settings-exemptions",
        "/settings/exemptions",
        "/settings/exemptions",
        "Exemptions from the maximum",
    ),
    Sight::of(
        "settings-exemption-end",
        "/settings/exemptions/{id}/end",
        "/settings/exemptions/{exemption}/end",
        "End the exemption of kim.lee?",
    ),
    Sight::of("settings-suspended", "/settings/suspended", "/settings/suspended", "Suspended tokens"),
    Sight::of("notifications", "/settings/notifications", "/settings/notifications", "Email notifications"),
    Sight::of(
        "notifications-preview",
        "/settings/notifications/preview",
        "/settings/notifications",
        "Email notifications",
    )
    .after(&[Press("Preview"), See("The text part")]),
    Sight::of(
        "notifications-sample",
        "/settings/notifications/sample",
        "/settings/notifications",
        "Email notifications",
    )
    .after(&[Press("Send to me"), See("You have no e-mail address")]),
    Sight::of("reminders", "/admin/reminders", "/admin/reminders", "Reminders"),
    Sight::of("reminders-run", "/admin/reminders/run", "/admin/reminders/run", "Run reminders now"),
    Sight::of("reminders-mails", "/admin/reminders/mails", "/admin/reminders/mails", "Mails of all runs"),
    Sight::of("mail", "/admin/reminders/mails/{id}", "/admin/reminders/mails/{failed}", "Mail to {owner}"),
    Sight::of(
        "reminders-retry",
        "/admin/reminders/mails/{id}/retry",
        "/admin/reminders/mails/{failed}/retry",
        "Try the mail to {owner} again?",
    ),
    Sight::of("reminders-one", "/admin/reminders/{id}", "/admin/reminders/{run}", "By hand, by admin"),
    Sight::of(
        "reminders-retry-all",
        "/admin/reminders/{id}/retry",
        "/admin/reminders/{run}/retry",
        "Try the failed mail of this run again?",
    ),
    Sight::of("missing", "", "/no-such-page", "There is nothing here"),
    Sight::of("forbidden", "", "/admin/users", "You may not do this").by(Who::OfSso),
];
