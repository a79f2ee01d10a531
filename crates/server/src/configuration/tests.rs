//! What a configuration takes, what it refuses, and how it says so.

use std::fs;

use confique::meta::{Field, FieldKind, Meta};
use patgate_core::application::ApplicationSlot;

use super::*;
use crate::logging::Format;

/// Holds faults against their snapshot, which does not repeat the configuration.
macro_rules! assert_faults {
    ($faults:expr) => {
        insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!($faults) })
    };
}

/// A configuration of a file alone.
fn file(text: &str) -> Result<Configuration, Faults> {
    Configuration::of_sources(Sources::new(Flags::default(), []).with_file("patgate.toml", text))
}

fn faults(text: &str) -> String {
    file(text).unwrap_err().to_string()
}

fn variables(pairs: &[(&str, &str)]) -> Sources {
    let owned = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Sources::new(Flags::default(), owned)
}

fn addresses(configuration: &Configuration) -> Vec<String> {
    configuration.listen.iter().map(SocketAddr::to_string).collect()
}

#[test]
fn nothing_at_all_is_a_configuration() {
    let configuration = file("").unwrap();
    assert_eq!(addresses(&configuration), ["127.0.0.1:5516", "127.0.0.1:4516"]);
    assert_eq!(configuration.data_dir, Path::new("patgate-data"));
    assert_eq!(configuration.keys_file, Path::new("patgate-data/keys"));
    assert!(
        matches!(&configuration.database, Database::Sqlite(path) if path == Path::new("patgate-data/patgate.db"))
    );
    assert_eq!(configuration.body_limit, 1_048_576);
    let recheck = &configuration.recheck;
    assert_eq!((recheck.interval, recheck.people_per_second), (SignedDuration::from_mins(15), 500));
    assert_eq!(configuration.log.format, Format::Text);
    assert_eq!(configuration.public_url_of(configuration.listen[0]).to_string(), "http://127.0.0.1:5516");
    let names: Vec<_> = configuration.gates.iter().map(|gate| gate.name.as_str()).collect();
    assert_eq!(names, ["release", "deploy"]);
    assert_eq!(configuration.labels, ["Any", "Release", "Deploy"]);
    assert!(configuration.admin_password.is_none() && configuration.tls.is_none());
}

#[test]
fn a_flag_overrides_a_variable_and_a_variable_overrides_the_file() {
    let text = "listen = ['127.0.0.1:1']\ndata_dir = 'file'\nbody_limit = 2048\n[log]\nformat = 'json'\n";
    let mut sources = variables(&[
        ("PATGATE_LISTEN", "127.0.0.1:2, [::1]:3"),
        ("PATGATE_DATA_DIR", "variable"),
        ("PATGATE_BODY_LIMIT", "4096"),
        ("PATGATE_LOG_FORMAT", ""),
    ]);
    sources.flags = Flags { data_dir: Some("flag".to_owned()), ..Flags::default() };
    let configuration = Configuration::of_sources(sources.with_file("patgate.toml", text)).unwrap();
    assert_eq!(addresses(&configuration), ["127.0.0.1:2", "[::1]:3"]);
    assert_eq!(configuration.data_dir, Path::new("flag"));
    assert_eq!(configuration.keys_file, Path::new("flag/keys"));
    assert_eq!(configuration.body_limit, 4_096);
    assert_eq!(configuration.log.format, Format::Json, "an empty variable counts as absent");
}

#[test]
fn every_fault_is_told_at_once() {
    assert_faults!(faults(
        r#"
        colour = "blue"
        listen = ["localhost:80", 5516, "127.0.0.1:7", "127.0.0.1:7"]
        data_dir = ""
        database_url = "mysql://root:hunter2@localhost/pat"
        public_url = "ftp://tokens.example.com"
        trusted_proxies = ["10.0.0.0/33", "10.0.0.1", "proxy"]
        body_limit = 100
        [tls]
        key = "tls.key"
        cipher = "none"
        [log]
        format = "xml"
        filter = "patgate=loud"
        "#
    ));
}

#[test]
fn every_fault_of_every_application_is_told_at_once() {
    assert_faults!(faults(
        r#"
        [[application]]
        name = "Shop"
        token_prefix = "s"
        token_header = "Authorization"
        colour = "blue"

        [[application]]
        name = "shop"
        label = ""
        token_prefix = "pat"
        method_header = "x y"
        uri_header = "x-patgate-user"
        allow_passwords = "yes"
        permissions = ["shop#order", "Shop Order"]
        rule = [
          { methods = ["get"], path = "orders", permission = "shop#order" },
          { path = "/a/**/b" },
          { permission = "shop#cancel", path = "/" },
          { methods = ["GET"] },
        ]

        [[application]]
        name = "shop"
        token_prefix = "shop"

        [[application]]
        name = "release"
        token_prefix = "rel"
        method_header = "x-a"
        uri_header = "x-a"

        [[application]]
        token_prefix = "shop"
        token_header = "x-shop-personal-token"

        [[application]]
        name = "any"
        token_prefix = "anyone"
        "#
    ));
}

#[test]
fn what_the_server_would_refuse_is_a_fault_of_the_configuration() {
    assert_faults!(faults(
        r#"
        trusted_proxies = ["10.0.0.0/8", "0.0.0.0/0", "::/0"]
        [[application]]
        name = "shop"
        token_prefix = "shop"
        method_header = "x-bank-personal-token"
        uri_header = "x-deploy-personal-token"
        [[application]]
        name = "bank"
        token_prefix = "bank"
        [[application]]
        name = "release"
        uri_header = "x-original-method"
        [[application]]
        name = "mint"
        token_prefix = "mint"
        token_header = "x-release-personal-token"
        "#
    ));
}

#[test]
fn a_rule_that_never_decides_is_a_fault_that_names_both() {
    assert_faults!(faults(
        r#"
        [[application]]
        name = "shop"
        token_prefix = "shop"
        [[application.rule]]
        path = "/**"
        [[application.rule]]
        path = "/admin/**"
        permission = "admin"
        "#
    ));
}

#[test]
fn faults_of_variables_and_flags_name_them() {
    let mut sources = variables(&[
        ("PATGATE_BODY_LIMIT", "a lot"),
        ("PATGATE_TRUSTED_PROXIES", "10.0.0.1,nobody"),
        ("PATGATE_LISTN", "127.0.0.1:1"),
        ("PATGATE_APPLICATION", "[{ name = \"shop\" "),
        ("PATGATE_PORT_5516_TCP", "tcp://10.0.0.1:5516"),
        ("PATGATE_TEST_POSTGRES", "somewhere"),
    ]);
    sources.flags.listen = vec!["5516".to_owned()];
    assert_faults!(Configuration::of_sources(sources).unwrap_err());
}

#[test]
fn faults_of_the_syntax_name_their_lines() {
    assert_faults!(faults("listen = [\ndata_dir = 'a'\nbody_limit = = 3\n[log\n"));
    assert_faults!(faults("tls = 3\napplication = 'shop'\n[log]\nfilter = 7\n"));
}

#[test]
fn an_application_of_the_file_becomes_a_gate() {
    let configuration = file(
        r#"
        [[application]]
        name = "shop"
        label = "The shop"
        token_prefix = "shop"
        permissions = ["shop#order"]
        allow_passwords = true
        [[application.rule]]
        methods = ["POST"]
        path = "/orders/**"
        permission = "shop#order"
        [[application.rule]]
        path = "/"

        [[application]]
        name = "deploy"
        uri_header = "x-forwarded-uri"
        [[application.rule]]
        path = "/**"
        permission = "login"
        "#,
    )
    .unwrap();
    let shop = &configuration.gates[2];
    assert_eq!((shop.name.as_str(), configuration.applications.slot("shop")), ("shop", Some(shop.slot)));
    assert_eq!(configuration.applications.prefix(shop.slot).unwrap().as_str(), "shop");
    assert_eq!(shop.token_header, "x-shop-personal-token");
    assert!(shop.allow_passwords);
    let order = configuration.catalog.slot(&"shop#order".parse().unwrap());
    assert_eq!(shop.rules.iter().map(|rule| rule.permission()).collect::<Vec<_>>(), [order, None]);
    let deploy = &configuration.gates[1];
    assert_eq!((deploy.slot, deploy.rules.len()), (ApplicationSlot::DEPLOY, 1));
    assert_eq!(deploy.token_header, "x-deploy-personal-token");
    assert_eq!(deploy.uri_header, "x-forwarded-uri");
    assert_eq!(configuration.labels, ["Any", "Release", "Deploy", "The shop"]);
}

#[test]
fn applications_can_come_from_a_variable() {
    let list = r#"[{ name = "shop", token_prefix = "shop", rule = [{ path = "/**" }] }]"#;
    let configuration = Configuration::of_sources(variables(&[("PATGATE_APPLICATION", list)])).unwrap();
    assert_eq!(configuration.gates[2].rules.len(), 1);
}

#[test]
fn a_secret_can_stand_in_a_file_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("password");
    fs::write(&path, "correct horse\n").unwrap();
    let path = path.to_str().unwrap();
    let password = |sources| {
        let configuration = Configuration::of_sources(sources).unwrap();
        configuration.admin_password.map(|password| password.reveal().to_owned())
    };
    let by_variable = variables(&[("PATGATE_ADMIN_PASSWORD_FILE", path)]);
    assert_eq!(password(by_variable).as_deref(), Some("correct horse"));
    let both_places = variables(&[("PATGATE_ADMIN_PASSWORD", "by variable")]);
    let both_places = both_places.with_file("patgate.toml", &format!("admin_password_file = '{path}'"));
    assert_eq!(password(both_places).as_deref(), Some("by variable"));
    let twice = variables(&[("PATGATE_ADMIN_PASSWORD", "a"), ("PATGATE_ADMIN_PASSWORD_FILE", path)]);
    let shown = Configuration::of_sources(twice).unwrap_err().to_string();
    assert!(shown.contains("set `admin_password` or `admin_password_file`, not both"), "{shown}");
}

#[test]
fn an_unreadable_or_empty_secret_is_a_fault() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty");
    fs::write(&empty, "\n").unwrap();
    for (path, expected) in [(empty, "is empty"), (folder.path().join("missing"), "cannot be read")] {
        let shown = faults(&format!("database_url_file = '{}'", path.display()));
        assert!(shown.contains("`database_url_file`") && shown.contains(expected), "{shown}");
    }
}

#[test]
fn no_secret_is_shown() {
    let text = "database_url = 'postgres://pat:hunter2@db/pat'\nadmin_password = 'hunter33'";
    let shown = format!("{:?}", file(text).unwrap());
    assert!(!shown.contains("hunter"), "{shown}");
    let shown = faults("database_url = 'pat:hunter2@db'\nadmin_password = \"hunter33\\u0000\"\nlog = 3");
    assert!(shown.contains("3 faults") && !shown.contains("hunter"), "{shown}");
}

#[test]
fn the_example_is_a_configuration_when_nothing_of_it_is_commented_out() {
    let example = example();
    assert_eq!(addresses(&file(&example).unwrap()), addresses(&file("").unwrap()));
    let is_setting = |line: &&str| line.starts_with('#') && !line.starts_with("# ") && *line != "#";
    let alternatives = [
        "#database_url_file",
        "#admin_password_file",
        "#manager_password_file",
        "#client_secret_file",
        "#client_auth_key_file",
        "#trust =",
    ];
    let whole: String = example
        .lines()
        .filter(is_setting)
        .filter(|line| !alternatives.iter().any(|alternative| line.starts_with(alternative)))
        .map(|line| format!("{}\n", &line[1..]))
        .collect();
    let configuration = file(&whole).unwrap_or_else(|faults| panic!("{faults}\n{whole}"));
    assert_eq!(configuration.public_url.unwrap().to_string(), "https://tokens.example.com");
    assert_eq!((configuration.gates[2].rules.len(), configuration.directories.len()), (1, 1));
    for field in [
        "listen",
        "tls",
        "certificate",
        "log",
        "application",
        "application.rule",
        "uri_header",
        "oidc.access_token",
        "[[ldap]]",
    ] {
        assert!(example.contains(field), "{field}");
    }
}

/// Every setting outside the tables, by its path, with its variable.
fn leaves(meta: &'static Meta, above: &str) -> Vec<(String, Option<&'static str>)> {
    let of = |field: &'static Field| match field.kind {
        FieldKind::Leaf { env, .. } => vec![(format!("{above}{}", field.name), env)],
        FieldKind::Nested { meta } => leaves(meta, &format!("{}.", field.name)),
    };
    meta.fields.iter().flat_map(of).collect()
}

#[test]
fn every_setting_has_a_variable_which_the_reference_names_and_the_server_knows() {
    let reference = reference();
    let leaves = leaves(schema::SETTINGS, "");
    assert!(leaves.len() > 15, "{leaves:?}");
    for (path, variable) in &leaves {
        let wanted = format!("PATGATE_{}", path.replace('.', "_").to_uppercase());
        assert_eq!(*variable, Some(wanted.as_str()), "{path}");
        let (_, entry) = reference.split_once(&format!("### `{path}`\n")).unwrap();
        let entry = entry.split("\n#").next().unwrap();
        assert!(entry.contains(&format!("Variable: `{wanted}`.")), "{entry}");
    }
    let nonsense = leaves.iter().filter_map(|(_, variable)| *variable).map(|name| (name, "\u{1}"));
    let faults = Configuration::of_sources(variables(&nonsense.collect::<Vec<_>>())).unwrap_err().to_string();
    assert!(!faults.contains("is no variable of Patgate"), "{faults}");
    assert!(reference.contains("### `tls.certificate`") && reference.contains("Required."));
}
