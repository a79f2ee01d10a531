//! Times where people are: the same moment on either side of midnight and of a clock change, and days that end there.

use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, ToSpan};
use patgate_core::expiry::Expiry;
use patgate_testkit::browser::{Browser, Key};
use patgate_testkit::servers::patgate::Patgate;

use super::{countdown, log_in_admin};
use crate::actors::admin;

const PAGE: &str = "/account/tokens";

fn zone(name: &str) -> TimeZone {
    TimeZoneDatabase::bundled().get(name).unwrap()
}

/// The day of the next clock change there, at least a day from now.
fn next_change(zone: &TimeZone, now: Timestamp) -> Date {
    let start = now + 48.hours();
    zone.following(start).next().unwrap().timestamp().to_zoned(zone.clone()).date()
}

/// Makes a token that lives until the end of a day, in the panel; the moment as the API tells it.
fn make_until(browser: &Browser, patgate: &Patgate, name: &str, day: Date) -> Timestamp {
    browser.open(&patgate.url_of(PAGE));
    browser.press("Generate new tokens");
    browser.fill("Token name", name);
    browser.choose("Token expiration", "A day of your own");
    // Typing a date depends on the language of the browser.
    browser.run(&format!(
        "const field = document.querySelector('dialog[open] [name=date]');
         field.value = '{day}';
         field.dispatchEvent(new Event('input', {{ bubbles: true }}));
         field.dispatchEvent(new Event('change', {{ bubbles: true }}));"
    ));
    let shown = format!("{}, 23:59", day.strftime("%-d %b %Y"));
    browser.sees(&format!("Until {shown}"));
    browser.press("Generate");
    browser.sees("Token generated");
    browser.sees(&shown);
    expires_at(patgate, name)
}

fn expires_at(patgate: &Patgate, name: &str) -> Timestamp {
    let tokens = admin(patgate).get("/api/v1/personal-access-tokens").json();
    let token = tokens.as_array().unwrap().iter().find(|token| token["tokenNote"] == name).unwrap().clone();
    let text = token["expiresAt"].as_str().unwrap_or_else(|| panic!("{token}")).to_owned();
    text.parse().unwrap()
}

/// The time in the row of a token, in the column *Expires*.
fn shown_in_list(browser: &Browser, patgate: &Patgate, name: &str) -> String {
    browser.open(&patgate.url_of(&format!("{PAGE}?search={name}")));
    browser.text("td[data-label=Expires] time")
}

fn written(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%-d %b %Y, %H:%M").to_string()
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the program runs in the present, and so do its tokens")]
fn a_day_ends_where_somebody_is_and_others_see_that_moment_in_their_own_time() {
    let patgate = Patgate::start();
    let now = Timestamp::now();
    // 25 hours apart: whatever the hour, these two never have the same date.
    let (east, west) = ("Pacific/Kiritimati", "Pacific/Pago_Pago");
    let day = now.to_zoned(TimeZone::UTC).date() + 40.days();
    let browsers = [east, west].map(|name| {
        let browser = Browser::with().zone(name).start();
        log_in_admin(&browser, &patgate, PAGE);
        browser.sees(&format!("Times in {name} (now UTC"));
        browser
    });
    let moments = ["east", "west"].map(|name| {
        let at = usize::from(name == "west");
        make_until(&browsers[at], &patgate, name, day)
    });
    for (at, name) in [(0, east), (1, west)] {
        let end = day.at(23, 59, 59, 0).to_zoned(zone(name)).unwrap().timestamp();
        assert_eq!(moments[at], end, "{name}");
        for (token, moment) in ["east", "west"].into_iter().zip(moments) {
            assert_eq!(shown_in_list(&browsers[at], &patgate, token), written(moment, &zone(name)), "{name}");
        }
    }
    // The remaining time is exact, whatever the zone: at the same moment the pills read the same.
    let moment = now + 30.hours();
    let remaining = Expiry::at(moments[0]).unwrap().remaining(moment);
    for browser in &browsers {
        browser.open(&patgate.url_of(&format!("{PAGE}?search=east")));
        browser.reads("tbody th", &["east"]);
        let told =
            browser.wakes_up_at(moment.as_millisecond(), "return document.querySelector('.pill').innerText");
        assert_eq!(told.as_str().map(str::trim), Some(&*countdown::told(remaining).1));
    }
}

#[test]
fn the_panel_tells_when_the_token_will_end_for_every_lifetime() {
    let (name, patgate) = ("Europe/Berlin", Patgate::start());
    let browser = Browser::with().zone(name).start();
    log_in_admin(&browser, &patgate, PAGE);
    browser.press("Generate new tokens");
    // 23:30 there, so that UTC has another day; and some of the ends lie behind a change of the clocks.
    let now: Timestamp = "2027-03-10T22:30:00Z".parse().unwrap();
    browser.stands_at(now.as_millisecond());
    // With the keyboard, so that the page hears of it as from a person.
    browser.tab_to("Token expiration");
    for (key, choice, days) in [
        (Key::Up, "7", 7),
        (Key::Down, "30", 30),
        (Key::Down, "45", 45),
        (Key::Down, "60", 60),
        (Key::Down, "365", 365_i64),
    ] {
        browser.key(key);
        assert_eq!(browser.value("Token expiration"), choice);
        let end = written(now + (24 * days).hours(), &zone(name));
        browser.reads("dialog [data-result]", &[&format!("Until {end} ({name})")]);
    }
    browser.key(Key::Down);
    browser.reads("dialog [data-result]", &["It will not expire."]);
    browser.key(Key::Down);
    browser.sees("Last day");
    browser.sees_no("dialog [data-result]");
}

#[test]
fn a_page_writes_moments_of_every_month_in_its_own_zone() {
    let (name, patgate) = ("America/St_Johns", Patgate::start());
    let browser = Browser::with().zone(name).start();
    browser.open(&patgate.url_of("/login"));
    for month in 1..=12 {
        // Five past midnight there in summer; on the day before, of another month, in winter.
        let at: Timestamp = format!("2027-{month:02}-01T02:35:00Z").parse().unwrap();
        let told = browser.run(&format!("return written(new Date({}))", at.as_millisecond()));
        assert_eq!(told.as_str(), Some(&*written(at, &zone(name))));
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the program runs in the present, and so do its tokens")]
fn a_day_on_which_the_clocks_change_ends_at_its_own_midnight() {
    let patgate = Patgate::start();
    let now = Timestamp::now();
    for name in ["Europe/Berlin", "America/New_York"] {
        let zone = zone(name);
        let browser = Browser::with().zone(name).start();
        log_in_admin(&browser, &patgate, PAGE);
        let change = next_change(&zone, now);
        for day in [change.yesterday().unwrap(), change] {
            let token = format!("{}-{day}", name.replace('/', "-"));
            let moment = make_until(&browser, &patgate, &token, day);
            let end = day.at(23, 59, 59, 0).to_zoned(zone.clone()).unwrap().timestamp();
            assert_eq!(moment, end, "{token}");
            assert_eq!(shown_in_list(&browser, &patgate, &token), written(end, &zone));
        }
    }
}
