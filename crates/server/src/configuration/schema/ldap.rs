//! The table `[[ldap]]`.

use confique::Config;

/// One `[[ldap]]`.
#[derive(Config)]
pub struct Ldap {
    /// The name of the provider, as it stands at its users and principals: 1 to 40 lower-case letters, digits and `-`,
    /// a letter first. It is never changed once people have signed in.
    ///
    /// Example: `"corp"`
    pub name: String,

    /// What people read on the pages, 1 to 100 characters. When it is absent it is the name.
    ///
    /// Example: `"Example Corporation"`
    pub label: Option<String>,

    /// The kind of directory, which sets other defaults: `openldap` or `active-directory`. With `openldap`, who is
    /// locked for good by the password policy is disabled; with `active-directory`, whose account is disabled or has expired.
    ///
    /// Example: `"active-directory"`
    pub preset: Option<String>,

    /// The servers, `ldaps://HOST:PORT` or `ldap://HOST:PORT`. The first that answers is asked; one that failed is asked
    /// last for a minute.
    ///
    /// Example: `["ldaps://ldap1.example.com", "ldaps://ldap2.example.com"]`
    pub urls: Vec<String>,

    /// Whether an `ldap://` connection is encrypted by StartTLS before anything is said.
    #[config(default = false)]
    pub start_tls: bool,

    /// Whether passwords may go over the network for everybody to read: `ldap://` without `start_tls`.
    #[config(default = false)]
    pub allow_clear_text: bool,

    /// The authorities that vouch for the servers, a PEM file. When it is absent they are those of the machine.
    ///
    /// Example: `"/etc/patgate/ldap-ca.pem"`
    pub trust: Option<String>,

    /// Who searches, by the distinguished name. When it is absent, nobody in particular does.
    ///
    /// Example: `"cn=reader,dc=example,dc=com"`
    pub manager_dn: Option<String>,

    /// The manager's password.
    ///
    /// Example: `"everybody knows me, replace me"`
    pub manager_password: Option<String>,

    /// A file that holds that password and nothing else, instead of `manager_password`.
    ///
    /// Example: `"/run/secrets/patgate-manager-password"`
    pub manager_password_file: Option<String>,

    /// Where users are, with everything below it.
    ///
    /// Example: `"ou=people,dc=example,dc=com"`
    pub user_search_base: String,

    /// Who is a user; `{0}` is the log-in name, whatever characters it has. Exactly one entry must fit. When it is absent
    /// it is `(uid={0})`, with `active-directory` `(&(objectClass=person)(sAMAccountName={0}))`.
    ///
    /// Example: `"(uid={0})"`
    pub user_search_filter: Option<String>,

    /// Where groups are looked for. When it is absent, nowhere.
    ///
    /// Example: `"ou=groups,dc=example,dc=com"`
    pub group_search_base: Option<String>,

    /// Which groups are a user's: `{0}` is the user's distinguished name, `{1}` the log-in name.
    #[config(default = "(member={0})")]
    pub group_search_filter: String,

    /// The attribute that names a group.
    #[config(default = "cn")]
    pub group_name_attribute: String,

    /// The attribute of a user that names groups by their distinguished names; of each the first part counts.
    /// It may be set beside the group search or instead of it.
    ///
    /// Example: `"memberOf"`
    pub member_of_attribute: Option<String>,

    /// Whether the groups of a group count as the user's, up to ten levels.
    #[config(default = false)]
    pub nested_groups: bool,

    /// The attribute with the log-in name. When it is absent it is `uid`, with `active-directory` `sAMAccountName`.
    ///
    /// Example: `"uid"`
    pub user_name_attribute: Option<String>,

    /// The attribute with the full name. When it is absent it is `cn`, with `active-directory` `displayName`.
    ///
    /// Example: `"cn"`
    pub full_name_attribute: Option<String>,

    /// The attribute with the mail address.
    #[config(default = "mail")]
    pub email_attribute: String,

    /// The attribute that stays the same when everything else of a user changes, and that nobody else ever gets: it ties
    /// tokens to their owner. Not to be changed later. When it is absent it is `entryUUID`, with `active-directory`
    /// `objectGUID`.
    ///
    /// Example: `"entryUUID"`
    pub external_id_attribute: Option<String>,

    /// What the server told that this directory was, when the `dc` parts of `user_search_base` or `external_id_attribute` have
    /// changed since it was first met under its name, and it has the same people under the same keys. See the guide.
    ///
    /// Example: `"ldap dc=old,dc=example,dc=com by entryuuid"`
    pub moved_from: Option<String>,

    /// Who may not sign in, and whose tokens are suspended: whoever fits this filter, besides what the preset says.
    ///
    /// Example: `"(employeeType=left)"`
    pub disabled_filter: Option<String>,

    /// Whether it confirms somebody that a re-check finds their entry, not disabled. `false`: only a sign-in confirms; that
    /// an entry is gone, and its groups, count all the same. When it is absent it is `true` with a `preset` or a
    /// `disabled_filter`, and `false` without both: then nothing tells a disabled entry from another.
    ///
    /// Example: `true`
    pub recheck_confirms: Option<bool>,

    /// How long a connection may take, in seconds: 1 to 60.
    #[config(default = 5)]
    pub connect_timeout_seconds: u64,

    /// How long an answer may take, in seconds: 1 to 120.
    #[config(default = 10)]
    pub timeout_seconds: u64,
}
