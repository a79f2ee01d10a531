//! Whether everybody can use the pages: axe-core on every page in both schemes, and no scrolling sideways on a telephone. And
//! whether every page keeps to its own content policy.

use std::collections::BTreeSet;
use std::time::Duration;

use patgate_testkit::browser::tour::{Company, SIGHTLESS, SIGHTS};
use patgate_testkit::browser::{Browser, Scheme, Size};
use patgate_testkit::servers::patgate::Patgate;
use patgate_testkit::wait;

/// What looks at a page.
type Judge = fn(&Browser) -> Vec<String>;

/// Both schemes and both sizes; the darkest and narrowest together. The scheme changes colours and nothing else: the rules
/// that do not look at those say the same in both.
const LOOKS: [(Scheme, Size, Judge); 3] = [
    (Scheme::Light, Size::Wide, Browser::barriers),
    (Scheme::Dark, Size::Wide, Browser::barriers_of_colours),
    (Scheme::Dark, Size::Phone, Browser::barriers),
];

#[test]
fn every_page_is_on_the_tour() {
    let document = include_str!("../../../../../docs/reference/pages.md");
    let rows = document.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let pages: BTreeSet<_> = rows.collect();
    assert!(pages.len() > 30, "{pages:?}");
    let seen = SIGHTS.iter().map(|sight| sight.page).filter(|page| !page.is_empty());
    let toured: BTreeSet<_> = seen.chain(SIGHTLESS).collect();
    assert_eq!(toured, pages, "`tour/sights.rs` and `docs/reference/pages.md` name different pages");
    let names: BTreeSet<_> = SIGHTS.iter().map(|sight| sight.name).collect();
    assert_eq!(names.len(), SIGHTS.len(), "two sights have the same name");
}

// Three of them, so that they run side by side.

#[test]
fn nobody_is_kept_out_by_the_first_third_of_the_pages() {
    tour(0);
}

#[test]
fn nobody_is_kept_out_by_the_second_third_of_the_pages() {
    tour(1);
}

#[test]
fn nobody_is_kept_out_by_the_last_third_of_the_pages() {
    tour(2);
}

#[test]
fn nobody_is_kept_out_by_colours_that_they_chose() {
    let (patgate, browser) = (Patgate::start(), Browser::start());
    // Every component is on this page; the switch stands against what the system asks for.
    for (scheme, chosen) in [(Scheme::Light, "dark"), (Scheme::Dark, "light")] {
        browser.look(scheme, Size::Wide);
        browser.open(&patgate.url_of("/design"));
        browser.run("localStorage.clear()");
        browser.reload();
        // The page shows the switch among its components, too.
        browser.run("document.querySelector('footer [data-scheme]').click()");
        assert_eq!(browser.run("return document.documentElement.dataset.scheme"), chosen);
        let barriers = browser.barriers();
        assert!(barriers.is_empty(), "{chosen}: {}", barriers.join("\n"));
    }
}

#[test]
fn what_a_page_does_against_its_policy_is_found() {
    let (patgate, browser) = (Patgate::start(), Browser::start());
    browser.keep_violations();
    browser.open(&patgate.url_of("/login"));
    assert_eq!(browser.violations(), Vec::<String>::new());
    browser.run("document.body.setAttribute('style', 'color: red')");
    let found = || Some(browser.violations()).filter(|found| !found.is_empty());
    let found = wait::until(Duration::from_secs(10), found).unwrap_or_default();
    assert!(found.len() == 1 && found[0].starts_with("style-src-attr at "), "{found:?}");
}

fn tour(third: usize) {
    let (company, browser) = (Company::found(), Browser::start());
    browser.keep_violations();
    let sights = &SIGHTS[SIGHTS.len() * third / 3..SIGHTS.len() * (third + 1) / 3];
    let found: Vec<_> = sights
        .iter()
        .flat_map(|sight| {
            sight.visit(&browser, &company);
            // Before axe-core, which is no part of the page.
            let violations = browser.violations().into_iter();
            let violations: Vec<_> =
                violations.map(|line| format!("{}, against its policy: {line}", sight.name)).collect();
            [violations, judged(&browser, sight.name)].concat()
        })
        .collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// The barriers of the page that the browser shows, in every look.
pub(super) fn judged(browser: &Browser, page: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (scheme, size, judge) in LOOKS {
        browser.look(scheme, size);
        found.extend(judge(browser).into_iter().map(|line| format!("{page}, {scheme:?} {size:?}: {line}")));
        if browser.scrolls_sideways() {
            found.push(format!("{page}, {size:?}: one has to scroll sideways"));
        }
    }
    browser.look(Scheme::Light, Size::Wide);
    found
}
