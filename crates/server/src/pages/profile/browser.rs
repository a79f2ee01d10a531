//! Which browser a session was opened with, as far as its `User-Agent` tells (RFC 9110 §10.1.5: it may say anything).

/// Browsers by the word that names them. Some name others as well, for sites that ask for those: so the order counts.
const BROWSERS: [(&str, &str); 8] = [
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("HeadlessChrome/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
];

/// Systems, in the same way.
const SYSTEMS: [(&str, &str); 7] = [
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];

/// `Firefox on Linux`; the name of a program that is no browser; `Unknown browser`.
pub(super) fn name(user_agent: Option<&str>) -> String {
    let Some(text) = user_agent.map(str::trim).filter(|text| !text.is_empty()) else {
        return "Unknown browser".to_owned();
    };
    let find = |known: &[(&str, &'static str)]| {
        known.iter().find(|(word, _)| text.contains(word)).map(|(_, name)| *name)
    };
    match (find(&BROWSERS), find(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        (None, _) => text.split(['/', ' ']).next().unwrap_or(text).chars().take(40).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn people_recognise_their_browser() {
        let chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36";
        for (user_agent, shown) in [
            (chrome.to_owned(), "Chrome on Linux"),
            (format!("{chrome} Edg/130.0"), "Edge on Linux"),
            (
                "Mozilla/5.0 (Windows NT 10.0; rv:132.0) Gecko/20100101 Firefox/132.0".into(),
                "Firefox on Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1".into(),
                "Safari on iPhone",
            ),
            ("curl/8.5.0".into(), "curl"),
            ("<script>".into(), "<script>"),
            ("x".repeat(200), &"x".repeat(40)),
        ] {
            assert_eq!(name(Some(&user_agent)), shown);
        }
        assert_eq!(name(None), "Unknown browser");
        assert_eq!(name(Some(" ")), "Unknown browser");
    }
}
