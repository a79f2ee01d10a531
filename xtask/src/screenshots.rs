//! `cargo xtask screenshots`: pictures of every page, for people to look at.

use std::fs;
use std::path::{Path, PathBuf};

use patgate_testkit::browser::tour::{Company, SIGHTS, Sight};
use patgate_testkit::browser::{Browser, Scheme, Size};

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
    let is_wanted =
        |sight: &&Sight| arguments.only.as_ref().is_none_or(|only| sight.name.contains(only.as_str()));
    let company = step("the program", || Ok(Company::found()))?;
    step("pictures", || {
        let browser = Browser::with().zone("Europe/Berlin").start();
        SIGHTS.iter().filter(is_wanted).try_for_each(|sight| {
            sight.visit(&browser, &company);
            take(&browser, sight.name, &folder)
        })
    })?;
    println!("the pictures are in `{}`", folder.display());
    Ok(())
}

/// Takes the pictures of the page that the browser shows.
fn take(browser: &Browser, name: &str, folder: &Path) -> Result<(), Failure> {
    for (look, scheme, size) in LOOKS {
        browser.look(scheme, size);
        let file = folder.join(format!("{name}-{look}.png"));
        let bytes = browser.picture().map_err(Failure::file(&file))?;
        fs::write(&file, bytes).map_err(Failure::file(&file))?;
    }
    browser.look(Scheme::Light, Size::Wide);
    Ok(())
}
