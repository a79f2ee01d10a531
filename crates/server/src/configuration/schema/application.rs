//! The tables `[[application]]` and `[[application.rule]]`.

use confique::Config;

/// One `[[application]]`.
#[derive(Config)]
pub struct Application {
    /// The name, as in `/auth/NAME`: 1 to 40 lower-case letters, digits and `-`, a letter first.
    /// `release` and `deploy` are the built-in ones.
    ///
    /// Example: `"shop"`
    pub name: String,

    /// What people read on the pages, 1 to 100 characters. When it is absent it is the name; that of `release` and
    /// `deploy` is `Release` and `Deploy`.
    ///
    /// Example: `"The shop"`
    pub label: Option<String>,

    /// The first letters of its tokens, before the `_`: 2 to 8 lower-case letters and digits, a letter first.
    /// Not for `release` (`rpa`) and `deploy` (`dpa`).
    ///
    /// Example: `"shop"`
    pub token_prefix: Option<String>,

    /// The header in which a request brings its token. When it is absent it is `x-NAME-personal-token`.
    /// Not for `release` and `deploy`.
    ///
    /// Example: `"x-shop-personal-token"`
    pub token_header: Option<String>,

    /// Where scripts of releases reach it, an http or https address: `api.get("NAME:/path")` calls it there, with the identity
    /// headers of the user for automated tasks and no credential. It is the address behind the proxy, which nobody else
    /// may reach. When it is absent, scripts cannot call it.
    ///
    /// Example: `"http://10.0.0.7:8080"`
    pub url: Option<String>,

    /// The header in which the proxy says the original method.
    #[config(default = "x-original-method")]
    pub method_header: String,

    /// The header in which the proxy says the original URI.
    #[config(default = "x-original-uri")]
    pub uri_header: String,

    /// Whether `/auth` also takes user names with passwords for this application.
    #[config(default = false)]
    pub allow_passwords: bool,

    /// The permissions of its own, that roles may hold and rules may ask for.
    ///
    /// Example: `["shop#order"]`
    #[config(default = [])]
    pub permissions: Vec<String>,

    /// What each request needs; the first rule that fits decides. With rules, what no rule covers is refused;
    /// without, every proven user passes. A rule that never decides, because an earlier one covers all of it, is a fault.
    #[config(default = [])]
    pub rule: Vec<toml::Value>,
}

/// One `[[application.rule]]`.
#[derive(Config)]
pub struct Rule {
    /// The methods it is about; `GET` covers `HEAD`. When there are none, all methods.
    ///
    /// Example: `["POST"]`
    #[config(default = [])]
    pub methods: Vec<String>,

    /// The path it is about: `*` stands for one segment, `**` at the end for any rest.
    ///
    /// Example: `"/orders/**"`
    pub path: String,

    /// The permission that is needed. When it is absent, being somebody is enough.
    ///
    /// Example: `"shop#order"`
    pub permission: Option<String>,
}
