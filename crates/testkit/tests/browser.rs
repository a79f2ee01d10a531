//! The browser does what a person would, and says what they would see.

use patgate_testkit::browser::{Browser, Key};

const PAGE: &str = "data:text/html,<html lang=en><title>T</title><main><h1>Form</h1>\
    <form><label for=n>Name <span>*</span></label><input id=n><label><input type=checkbox id=c> Yes</label>\
    <button type=button onclick=\"this.textContent='Saved'\">Save</button></form>\
    <p id=s></p><noscript><p>No scripts here</p></noscript>\
    <script>document.getElementById('s').textContent = Intl.DateTimeFormat().resolvedOptions().timeZone \
    + (matchMedia('(prefers-color-scheme: dark)').matches ? ' dark' : ' light') + innerWidth</script></main>";

#[test]
fn a_person_fills_a_form_with_the_mouse_and_with_the_keyboard() {
    let browser = Browser::with().zone("Asia/Kolkata").dark().start();
    browser.open(PAGE);
    assert_eq!(browser.text("#s"), "Asia/Calcutta dark1280");
    browser.fill("Name", "ann");
    assert_eq!(browser.value("Name"), "ann");
    browser.press("Yes");
    browser.press("Save");
    browser.sees("Saved");
    browser.reload();
    browser.tab_to("Name");
    browser.types("kim");
    browser.tab_to("Save");
    browser.key(Key::Enter);
    browser.sees("Saved");
    assert_eq!(browser.focused(), "Saved");
    assert_eq!(browser.barriers(), Vec::<String>::new());
    assert!(browser.picture().unwrap().starts_with(b"\x89PNG"));
}

#[test]
fn a_barrier_is_found() {
    let browser = Browser::with().phone().start();
    browser.open("data:text/html,<html lang=en><title>T</title><main><h1>H</h1><img src=x></main>");
    let barriers = browser.barriers();
    assert!(barriers.len() == 1 && barriers[0].starts_with("image-alt"), "{barriers:#?}");
}

#[test]
fn a_person_can_switch_scripts_off() {
    let browser = Browser::with().without_scripts().start();
    browser.open(PAGE);
    browser.sees("No scripts here");
    browser.fill("Name", "ann");
    assert_eq!(browser.value("Name"), "ann");
    browser.press("Save");
    assert!(!browser.shows("Saved"));
}
