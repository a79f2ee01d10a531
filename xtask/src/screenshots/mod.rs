//! `cargo xtask screenshots`: pictures of every page, for people to look at.

mod company;

use std::fs;
use std::path::{Path, PathBuf};

use patgate_testkit::browser::{Browser, Scheme, Size};
use patgate_testkit::servers::patgate::{ADMIN_PASSWORD, Patgate};

use crate::failure::Failure;
use crate::process::step;
use crate::test::machine;
use crate::tree;

/// What `cargo xtask screenshots` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The folder for the pictures [default: target/screenshots]
    #[arg(long, value_name = "FOLDER")]
    into: Option<PathBuf>,
    /// Only pages whose name has this in it
    #[arg(value_name = "PAGE")]
    only: Option<String>,
}

/// A picture: what it is called, the address, what somebody presses there first, and what they see then.
type Picture = (&'static str, &'static str, &'static [&'static str], &'static str);

/// Pages for everybody.
const OPEN: [Picture; 2] = [("login", "/login", &[], ""), ("design", "/design", &[], "")];
/// Pages for who is signed in. A new page is one more line.
const SIGNED_IN: [Picture; 21] = [
    ("tokens", "/account/tokens", &[], ""),
    ("tokens-menu", "/account/tokens", &["Menu of admin"], ""),
    ("tokens-panel", "/account/tokens", &["Generate new tokens"], ""),
    ("tokens-select", "/account/tokens/new", &["Let me select permissions"], ""),
    ("tokens-delete", "/account/tokens", &["Delete laptop"], ""),
    ("tokens-none", "/account/tokens?search=zebra", &[], ""),
    ("tokens-clear", "/account/tokens/expired/clear", &[], ""),
    ("tokens-made", "/account/tokens/new?name=nightly-report", &["Generate"], "Token generated"),
    ("profile", "/account/profile", &[], ""),
    ("api", "/account/api", &[], ""),
    ("settings", "/settings", &[], ""),
    ("all-tokens", "/admin/tokens", &[], ""),
    ("users", "/admin/users", &[], ""),
    ("users-new", "/admin/users/new", &[], ""),
    ("user", "/admin/users/kim.lee", &[], ""),
    ("user-disable", "/admin/users/kim.lee/disable", &[], ""),
    ("roles", "/admin/roles", &[], ""),
    ("roles-new", "/admin/roles/new", &[], ""),
    ("audit", "/admin/audit", &[], ""),
    ("missing", "/no-such-page", &[], ""),
    ("token-life", "/admin/tokens?search=laptop", &["laptop"], "life"),
];

const LOOKS: [(&str, Scheme, Size); 4] = [
    ("wide-light", Scheme::Light, Size::Wide),
    ("wide-dark", Scheme::Dark, Size::Wide),
    ("phone-light", Scheme::Light, Size::Phone),
    ("phone-dark", Scheme::Dark, Size::Phone),
];

/// Starts the program with a small company's people and tokens, and takes the pictures.
///
/// # Errors
/// When something is missing and cannot be installed, or a picture cannot be written.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    step("what the pictures need", machine::prepare)?;
    let folder = arguments.into.clone().unwrap_or_else(|| tree::root().join("target/screenshots"));
    fs::create_dir_all(&folder).map_err(Failure::file(&folder))?;
    let is_wanted = |name: &str| arguments.only.as_ref().is_none_or(|only| name.contains(only.as_str()));
    let patgate = step("the program", || Ok(Patgate::start()))?;
    company::found(&patgate);
    step("pictures", || {
        let browser = Browser::with().zone("Europe/Berlin").start();
        for picture in OPEN.iter().filter(|picture| is_wanted(picture.0)) {
            take(&browser, &patgate, picture, &folder)?;
        }
        browser.open(&patgate.url_of("/login"));
        browser.fill("User name", "admin");
        browser.fill("Password", ADMIN_PASSWORD);
        browser.press("Log in");
        browser.sees_no("input[type=password]");
        for picture in SIGNED_IN.iter().filter(|picture| is_wanted(picture.0)) {
            take(&browser, &patgate, picture, &folder)?;
        }
        Ok(())
    })?;
    println!("the pictures are in `{}`", folder.display());
    Ok(())
}

fn take(browser: &Browser, patgate: &Patgate, picture: &Picture, folder: &Path) -> Result<(), Failure> {
    let (name, path, presses, seen) = picture;
    for (look, scheme, size) in LOOKS {
        browser.look(scheme, size);
        browser.open(&patgate.url_of(path));
        for press in *presses {
            browser.press(press);
        }
        browser.sees(seen);
        let file = folder.join(format!("{name}-{look}.png"));
        let bytes = browser.picture().map_err(Failure::file(&file))?;
        fs::write(&file, bytes).map_err(Failure::file(&file))?;
    }
    Ok(())
}
