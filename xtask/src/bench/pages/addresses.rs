//! The pages that are asked for.

/// Every kind of page, and of lists also in orders and with filters that read many rows when read badly. What stands in braces
/// is one of the things that [`super::things`] makes; `{token}` is one that much happened to, `{mail}` one about a hundred
/// tokens, `{folder}` the deepest folder that there may be, `{deep}` an item in it, and `{large}` a release of as many tasks as
/// there may be. An arrow leads to the page after that one, and two of them back to it.
pub(super) const PAGES: [&str; 139] = [
    "/login",
    "/login/done",
    "/design",
    "/account/tokens",
    "/account/tokens ›",
    "/account/tokens › ‹",
    "/account/tokens?search=ci-deploy-99",
    "/account/tokens?search=nothing-is-called-this",
    "/account/tokens?search=c",
    "/account/tokens?search=c&sort=expires",
    "/account/tokens?sort=expires",
    "/account/tokens?sort=expires ›",
    "/account/tokens?sort=-name ›",
    "/account/tokens?show=active",
    "/account/tokens?show=expired",
    "/account/tokens/new",
    "/account/tokens/{token}/delete",
    "/account/tokens/expired/clear",
    "/account/profile",
    "/account/profile/logout",
    "/account/api",
    "/configuration",
    "/configuration ›",
    "/configuration › ‹",
    "/configuration/new?type=notification.PatSmtpServer&folder=Configuration",
    "/configuration/new?type=events.PostWebhookEndpoint&folder=Configuration",
    "/configuration/{item}",
    "/configuration/{deep}/delete",
    "/configuration/{item}/test-mail",
    "/configuration/{folder}",
    "/configuration/{folder} ›",
    "/configuration/{deep}",
    "/configuration/new?type=notification.PatSmtpServer&folder={folder}",
    "/configuration/webhooks",
    "/configuration/webhooks ›",
    "/configuration/webhooks › ‹",
    "/configuration/webhooks/{endpoint}",
    "/configuration/webhooks/{endpoint} ›",
    "/configuration/webhooks/{endpoint}?search=nothing-is-called-this",
    "/configuration/webhooks/{endpoint}/test",
    "/configuration/webhooks/{endpoint}/refused",
    "/configuration/webhooks/{endpoint}/deliveries",
    "/configuration/webhooks/{endpoint}/requests/{request}",
    "/settings",
    "/settings/preview?maximum=30",
    "/settings/preview?maximum=365",
    "/settings/preview?closing=release.internal",
    "/settings/preview?closing=deploy.sso",
    "/settings/preview?closing=others.ldap",
    "/settings/suspended",
    "/settings/exemptions",
    "/settings/exemptions/{exemption}/end",
    "/settings/notifications",
    "/admin/tokens",
    "/admin/tokens ›",
    "/admin/tokens › ‹",
    "/admin/tokens?search=ci-deploy-77",
    "/admin/tokens?search=nothing-is-called-this",
    "/admin/tokens?owner=admin",
    "/admin/tokens?owner=admin&sort=expires ›",
    "/admin/tokens?unused=30",
    "/admin/tokens?expiring=30",
    "/admin/tokens?over=yes",
    "/admin/tokens?disabled=yes",
    "/admin/tokens?disabled=yes&sort=expires",
    "/admin/tokens?disabled=yes&sort=-expires",
    "/admin/tokens?unused=3650&sort=expires",
    "/admin/tokens?show=expired",
    "/admin/tokens?sort=expires",
    "/admin/tokens/{token}",
    "/admin/tokens/{token} ›",
    "/admin/tokens/delete?id={token}",
    "/admin/users",
    "/admin/users ›",
    "/admin/users?search=owner-9",
    "/admin/users?state=disabled",
    "/admin/users/admin",
    "/admin/users/new",
    "/admin/users/owner-1",
    "/admin/users/owner-1/disable",
    "/admin/users/owner-1/reset-link",
    "/admin/users/owner-1/delete",
    "/admin/users/owner-2",
    "/admin/users/owner-2 ›",
    "/admin/users/owner-2?search=199",
    "/admin/roles",
    "/admin/roles/new",
    "/admin/roles/{role}",
    "/admin/roles/{role}?search=nothing-is-called-this",
    "/admin/roles/{role}/rename",
    "/admin/roles/{role}/delete",
    "/admin/audit",
    "/admin/audit ›",
    "/admin/audit?actor=owner-77",
    "/admin/audit?actor=admin&action=user.delete",
    "/admin/audit?subject={token} ›",
    "/admin/audit?subject=ci-deploy-77&action=grant.create",
    "/admin/reminders",
    "/admin/reminders ›",
    "/admin/reminders/run",
    "/admin/reminders/run ›",
    "/admin/reminders/{run}",
    "/admin/reminders/{run} ›",
    "/admin/reminders/{run}/retry",
    "/admin/reminders/mails",
    "/admin/reminders/mails?state=waiting",
    "/admin/reminders/mails ›",
    "/admin/reminders/mails/{mail}",
    "/admin/reminders/mails/{mail} ›",
    "/releases",
    "/releases ›",
    "/releases › ‹",
    "/releases?search=bench",
    "/releases?search=nothing-is-called-this",
    "/releases/{release}",
    "/releases/{large}",
    "/releases/{large} ›",
    "/releases/{release}/abort",
    "/releases/{release}/tasks/{task}",
    "/releases/{release}/tasks/{task}/approve",
    "/releases/templates",
    "/releases/templates ›",
    "/releases/templates?search=bench",
    "/releases/templates?search=nothing-is-called-this",
    "/releases/templates/new",
    "/releases/templates/{template}",
    "/releases/templates/{template}/edit",
    "/releases/templates/{template}/phases/new",
    "/releases/templates/{template}/phases/{phase}",
    "/releases/templates/{template}/phases/{phase}/add",
    "/releases/templates/{template}/phases/{phase}/delete",
    "/releases/templates/{template}/tasks/{gate}",
    "/releases/templates/{template}/tasks/{gate}/delete",
    "/releases/templates/{template}/variables/new",
    "/releases/templates/{template}/variables/{variable}",
    "/releases/templates/{template}/variables/{variable}/delete",
    "/releases/templates/{template}/start",
    "/releases/templates/{template}/delete",
    "/reset/{secret}",
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Pages that are no page to weigh: they lead elsewhere, hand out a file, need what a browser alone has, or do not end.
    const UNWEIGHED: [&str; 16] = [
        "/",
        "/logout",
        "/login/external/{name}",
        "/oidc-login",
        "/login/external-login",
        "/login/backchannel-logout/{name}",
        "/assets/{digest}/{name}",
        "/favicon.ico",
        "/admin/tokens.csv",
        "/admin/audit.jsonl",
        "/account/profile/password",
        "/account/profile/sessions/{session}",
        "/releases/{id}/live",
        "/releases/{id}/restart",
        "/settings/notifications/preview",
        "/settings/notifications/sample",
    ];
    /// Questions that look like another one, about the same thing.
    const ALIKE: [&str; 8] = [
        "/admin/roles/{id}/principals",
        "/admin/roles/{id}/principals/remove",
        "/admin/users/{username}/enable",
        "/admin/users/{username}/unlock",
        "/releases/{id}/start",
        "/releases/{id}/delete",
        "/admin/reminders/mails/{id}/retry",
        "/settings/decisions/{id}/undo",
    ];

    /// The address of a page with a star for each part that differs.
    fn shape(path: &str) -> String {
        let path = path.split(['?', ' ']).next().unwrap_or_default();
        let names = ["admin", "owner-1", "owner-2"];
        let parts = path.split('/').enumerate().map(|(at, part)| {
            let is_name = part.starts_with('{') || (at > 2 && names.contains(&part));
            if is_name { "*" } else { part }
        });
        parts.collect::<Vec<_>>().join("/")
    }

    #[test]
    fn every_page_is_asked_for_or_has_a_reason_not_to_be() {
        let document = include_str!("../../../../docs/reference/pages.md");
        let pages: BTreeSet<_> = document
            .lines()
            .filter_map(|line| line.strip_prefix("| `/")?.split('`').next())
            .map(|path| format!("/{path}"))
            .collect();
        let left_out: BTreeSet<_> = UNWEIGHED.into_iter().chain(ALIKE).map(str::to_owned).collect();
        assert!(left_out.is_subset(&pages), "no page any more: {:?}", left_out.difference(&pages));
        let asked: BTreeSet<_> = PAGES.iter().map(|path| shape(path)).collect();
        // `/configuration/webhooks/{item}/deliveries/{id}` is a question, for which something must have been forwarded.
        let is_asked = |path: &&String| asked.contains(&shape(path)) || path.ends_with("/deliveries/{id}");
        let missing: Vec<_> = pages.difference(&left_out).filter(|path| !is_asked(path)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
