//! What a person does on a page, and what they see of it.

use serde_json::Value;
use thirtyfour::error::WebDriverResult;
use thirtyfour::{By, WebElement};

use super::{Browser, PATIENCE};
use crate::wait;

/// What can be seen, as the driver itself judges it. The driver judges one element a call, and is sent the rules with each.
const IS_SEEN: &str = "
    const hasSize = element => {
        const box = element.getBoundingClientRect();
        return (box.width > 0 && box.height > 0) || (getComputedStyle(element).overflow !== 'hidden'
            && [...element.childNodes].some(node => node.nodeType === Node.TEXT_NODE
                || (node.nodeType === Node.ELEMENT_NODE && hasSize(node))));
    };
    const isSeen = element => element === document.body
        || (element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && hasSize(element));";
/// The text of an element, as the driver reads it; `null` where only the driver does: where spaces are kept, and where a line
/// without text may be the room between two paragraphs.
const TEXT: &str = "
    const ends = /^[^\\S\\xa0]+|[^\\S\\xa0]+$/g;
    const keepsSpaces = element => getComputedStyle(element).whiteSpace.startsWith('pre');
    const text = element => {
        const lines = element.innerText?.split('\\n').map(line => line.replace(ends, ''));
        const whole = lines?.join('\\n').replace(ends, '');
        const isPlain = whole?.includes('\\n\\n') === false
            && ![element, ...element.querySelectorAll('*')].some(keepsSpaces);
        return isPlain ? whole.replace(/[\\t\\xa0]/g, ' ') : null;
    };";
/// All of a selector.
const OF_SELECTOR: &str = "[...document.querySelectorAll(arguments[0])]";
/// All of an XPath; with `true` beside it, in the open dialog when there is one.
const OF_PATH: &str = "((path, isInDialog) => {
        const hasDialog = isInDialog && [...document.querySelectorAll('dialog[open]')].some(isSeen);
        const all = document.evaluate((hasDialog ? '//dialog[@open]' : '') + path, document, null,
            XPathResult.ORDERED_NODE_SNAPSHOT_TYPE, null);
        return Array.from({ length: all.snapshotLength }, (_, at) => all.snapshotItem(at));
    })(arguments[0], arguments[1])";

impl Browser {
    /// Goes to an address.
    pub fn open(&self, url: &str) {
        self.does(url, self.driver().goto(url));
    }

    /// Goes back, as with the button beside the address.
    pub fn back(&self) {
        self.does("go back", self.driver().back());
    }

    /// Loads the page again.
    pub fn reload(&self) {
        self.does("load the page again", self.driver().refresh());
    }

    /// The address without the server: `/account/tokens?done=deleted`.
    #[must_use]
    pub fn path(&self) -> String {
        let url = self.does("tell the address", self.driver().current_url());
        url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()))
    }

    /// The page as the server sent it and the scripts changed it.
    #[must_use]
    pub fn source(&self) -> String {
        self.does("show the source", self.driver().source())
    }

    /// Turns to the other one of two tabs; panics when there never is one.
    pub fn turn_to_other_tab(&self) {
        let other = wait::until(PATIENCE, || {
            let (here, all) =
                self.tries(async { Ok((self.driver().window().await?, self.driver().windows().await?)) })?;
            all.into_iter().find(|tab| *tab != here)
        });
        let other = other.unwrap_or_else(|| panic!("there is no other tab beside\n{}", self.whereabouts()));
        self.does("turn to the other tab", self.driver().switch_to_window(other));
    }

    /// Presses the one button, link or menu of this name that can be seen; in the open dialog when there is one.
    pub fn press(&self, name: &str) {
        let element = self.named(name);
        self.does(&format!("press `{name}`"), element.click());
    }

    /// Presses the button or link of this name in the one row of a table that has all of these texts.
    pub fn press_in_row(&self, texts: &[&str], name: &str) {
        let has = |text: &&str| format!("[contains(normalize-space(.), {})]", quoted(text));
        let row: String = texts.iter().map(has).collect();
        let element = self.one(&format!("//tr{row}{}", pressable(name)), false);
        self.does(&format!("press `{name}` in the row of {texts:?}"), element.click());
    }

    /// Empties the field with this label and types a text in it.
    pub fn fill(&self, label: &str, text: &str) {
        let field = self.field(label);
        self.does(&format!("fill `{label}`"), async {
            field.clear().await?;
            field.send_keys(text).await
        });
    }

    /// Chooses an option of the list with this label.
    pub fn choose(&self, label: &str, option: &str) {
        let field = self.field(label);
        let path = format!(".//option[normalize-space(.)={}]", quoted(option));
        self.does(&format!("choose `{option}` for `{label}`"), async {
            field.find(By::XPath(path)).await?.click().await
        });
    }

    /// What is in the field with this label.
    #[must_use]
    pub fn value(&self, label: &str) -> String {
        let field = self.field(label);
        self.does(&format!("read `{label}`"), field.prop("value")).unwrap_or_default()
    }

    /// The options of the list with this label.
    #[must_use]
    pub fn options(&self, label: &str) -> Vec<String> {
        let field = self.field(label);
        let script = "return [...arguments[0].options].map(option => option.text)";
        self.does(&format!("read the options of `{label}`"), async {
            self.driver().execute(script, vec![field.to_json()?]).await?.convert::<Vec<String>>()
        })
    }

    /// Whether something of this selector can be seen now.
    #[must_use]
    pub fn has(&self, css: &str) -> bool {
        self.number(css) > 0
    }

    /// The text of the first of this selector that can be seen.
    #[must_use]
    pub fn text(&self, css: &str) -> String {
        let found = wait::until(PATIENCE, || self.texts(css).into_iter().next());
        found.unwrap_or_else(|| panic!("there is no `{css}` to read on\n{}", self.whereabouts()))
    }

    /// The texts of all of this selector that can be seen now.
    #[must_use]
    pub fn texts(&self, css: &str) -> Vec<String> {
        let script = format!("{IS_SEEN} {TEXT} return {OF_SELECTOR}.filter(isSeen).map(text)");
        self.sees_at_once(async || {
            let texts = self.driver().execute(&script, vec![css.into()]).await?;
            let texts: Vec<Option<String>> = texts.convert()?;
            let all: Option<Vec<String>> = texts.into_iter().collect();
            match all {
                Some(all) => Ok(all),
                None => self.read(css).await,
            }
        })
    }

    /// Waits until the page shows this text; panics when it never does.
    pub fn sees(&self, text: &str) {
        let found = wait::until(PATIENCE, || self.shows(text).then_some(()));
        assert!(found.is_some(), "there is no `{text}` on\n{}", self.whereabouts());
    }

    /// Waits until the texts of all of this selector that can be seen are these; panics with the last ones when they
    /// never are. For what the page before may also have shown.
    pub fn reads(&self, css: &str, texts: &[&str]) {
        let read = wait::until(PATIENCE, || (self.texts(css) == texts).then_some(()));
        assert!(
            read.is_some(),
            "`{css}` reads {:?} and not {texts:?} on\n{}",
            self.texts(css),
            self.whereabouts()
        );
    }

    /// Waits until this many of this selector can be seen; panics with what can be when they never are so many.
    pub fn counts(&self, css: &str, count: usize) {
        let counted = wait::until(PATIENCE, || (self.number(css) == count).then_some(()));
        assert!(
            counted.is_some(),
            "there are not {count} of `{css}` but {:?} on\n{}",
            self.texts(css),
            self.whereabouts()
        );
    }

    /// Waits until the address without the server is this one.
    pub fn arrives(&self, path: &str) {
        let there = wait::until(PATIENCE, || (self.path() == path).then_some(()));
        assert!(there.is_some(), "one is not at {path} but on\n{}", self.whereabouts());
    }

    /// Waits until the page no longer shows anything of this selector.
    pub fn sees_no(&self, css: &str) {
        let gone = wait::until(PATIENCE, || (!self.has(css)).then_some(()));
        assert!(gone.is_some(), "there is still a `{css}` on\n{}", self.whereabouts());
    }

    /// Whether the page shows this text now.
    #[must_use]
    pub fn shows(&self, text: &str) -> bool {
        let script = "return document.body?.innerText ?? ''";
        let quick = async || self.driver().execute(script, Vec::new()).await?.convert::<String>();
        // What the driver reads has more (fields of many lines), and takes long on a long page.
        one_line(&self.sees_at_once(quick)).contains(text)
            || one_line(&self.sees_at_once(async || self.read("body").await).concat()).contains(text)
    }

    /// Runs a script in the page and returns what it returns.
    pub fn run(&self, script: &str) -> Value {
        self.does("run a script", async {
            Ok(self.driver().execute(script, Vec::new()).await?.json().clone())
        })
    }

    /// What the page has put on the clipboard.
    #[must_use]
    pub fn clipboard(&self) -> String {
        let script =
            "navigator.clipboard.readText().then(arguments[0], error => arguments[0](String(error)))";
        self.does("read the clipboard", async {
            self.driver().execute_async(script, Vec::new()).await?.convert::<String>()
        })
    }

    /// The button, link or menu of this name.
    pub(super) fn named(&self, name: &str) -> WebElement {
        self.one(&pressable(name), true)
    }

    /// The field that a label of this name belongs to: by `for`, or because it stands around it.
    pub(super) fn field(&self, label: &str) -> WebElement {
        let is_it = format!(
            "normalize-space(.)={} or normalize-space(.)={}",
            quoted(label),
            quoted(&format!("{label} *"))
        );
        let path = format!(
            "//*[(self::input or self::select or self::textarea) and \
             (@id=//label[{is_it}]/@for or ancestor::label[{is_it}])]"
        );
        self.one(&path, true)
    }

    /// How many of this selector can be seen now.
    fn number(&self, css: &str) -> usize {
        self.sees_at_once(async || Ok(self.seen(OF_SELECTOR, vec![css.into()]).await?.len()))
    }

    /// The texts of all of this selector that can be seen, one after the other by the driver.
    async fn read(&self, css: &str) -> WebDriverResult<Vec<String>> {
        let mut texts = Vec::new();
        for element in self.seen(OF_SELECTOR, vec![css.into()]).await? {
            texts.push(element.text().await?);
        }
        Ok(texts)
    }

    /// Those that this script gives and that can be seen.
    async fn seen(&self, script: &str, arguments: Vec<Value>) -> WebDriverResult<Vec<WebElement>> {
        let script = format!("{IS_SEEN} return {script}.filter(isSeen)");
        self.driver().execute(script, arguments).await?.elements()
    }

    /// Looks at the page, again when it changed under the look: a page that is left makes what was found on it unreadable.
    fn sees_at_once<T>(&self, look: impl AsyncFn() -> WebDriverResult<T>) -> T {
        let seen = wait::until(PATIENCE, || self.tries(look()));
        seen.unwrap_or_else(|| self.does("look", look()))
    }

    /// The one element of this XPath that can be seen, perhaps in the open dialog when there is one; waits for it.
    fn one(&self, path: &str, is_in_dialog: bool) -> WebElement {
        let look = || {
            let work = async || self.seen(OF_PATH, vec![path.into(), is_in_dialog.into()]).await;
            Some(self.sees_at_once(work)).filter(|found| !found.is_empty())
        };
        let mut found = wait::until(PATIENCE, look)
            .unwrap_or_else(|| panic!("there is no `{path}` on\n{}", self.whereabouts()));
        assert!(found.len() == 1, "there are {} of `{path}` on\n{}", found.len(), self.whereabouts());
        found.remove(0)
    }
}

/// A text with one space wherever it has any.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn pressable(name: &str) -> String {
    let name = quoted(name);
    // By itself and by what stands elsewhere.
    let elsewhere = "id(substring-after(@aria-labelledby, ' '))";
    let labelled = format!("concat(normalize-space(.), ' ', normalize-space({elsewhere}))");
    format!(
        "//*[(self::a or self::button or self::summary or self::label) \
         and (normalize-space(.)={name} or @aria-label={name} or input/@aria-label={name} or {labelled}={name})]"
    )
}

/// A text as XPath writes it; it has no escapes.
fn quoted(text: &str) -> String {
    let mark = if text.contains('"') { '\'' } else { '"' };
    format!("{mark}{text}{mark}")
}
