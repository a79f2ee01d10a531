//! Whatever stands in a configuration file or in a URL, it is read or refused, and every fault names its field.

use proptest::prelude::*;

use super::*;

/// Lines that look like settings, some of them with values that do.
fn line() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec![
        "listen",
        "data_dir",
        "database_url",
        "keys_file",
        "public_url",
        "trusted_proxies",
        "body_limit",
        "[tls]",
        "certificate",
        "[log]",
        "format",
        "[[application]]",
        "name",
        "token_header",
        "prefix",
        "[[application.rule]]",
        "[[ldap]]",
        "urls",
        "user_search_filter",
    ]);
    let value = prop_oneof![
        any::<String>().prop_map(|text| format!("{text:?}")),
        any::<i64>().prop_map(|number| number.to_string()),
        prop::collection::vec("[ -~]{0,12}", 0..3).prop_map(|texts| format!("{texts:?}")),
        "[ -~]{0,20}",
    ];
    (name, value).prop_map(
        |(name, value)| if name.starts_with('[') { name.to_owned() } else { format!("{name} = {value}") },
    )
}

proptest! {
    #[test]
    fn any_file_is_read_or_its_faults_are_named(lines in prop::collection::vec(line(), 0..8)) {
        let text = lines.join("\n");
        let sources = Sources::new(Flags::default(), []).with_file("patgate.toml", &text);
        if let Err(faults) = Configuration::of_sources(sources) {
            prop_assert!(faults.iter().next().is_some());
            prop_assert!(!faults.to_string().is_empty());
        }
    }

    #[test]
    fn any_text_is_a_file_that_is_read_or_refused(text in any::<String>()) {
        let sources = Sources::new(Flags::default(), []).with_file("patgate.toml", &text);
        let _ = Configuration::of_sources(sources).map_err(|faults| faults.to_string());
    }

    #[test]
    fn a_public_url_is_taken_again_as_it_is_written(text in "https?://[a-z0-9.:/@?#%-]{0,40}") {
        if let Ok(url) = text.parse::<PublicUrl>() {
            let again: PublicUrl = url.to_string().parse().unwrap();
            prop_assert_eq!(again.to_string(), url.to_string());
            prop_assert!(url.path().is_empty() || (url.path().starts_with('/') && !url.path().ends_with('/')));
        }
    }
}
