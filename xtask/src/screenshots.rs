//! `cargo xtask screenshots`: pictures of every page, for people to look at; and those that the documentation shows.

use std::fmt::Write as _;
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
    /// Take the pictures that the documentation shows, and write their page, `docs/pictures/README.md`
    #[arg(long, conflicts_with_all = ["into", "only"])]
    gallery: bool,
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

/// A picture of the documentation.
struct Shot {
    /// The sight, as it is called on the tour.
    sight: &'static str,
    /// How it is looked at, as the ends of the files say it.
    look: &'static str,
    /// What there is to see.
    caption: &'static str,
}

const fn shot(sight: &'static str, look: &'static str, caption: &'static str) -> Shot {
    Shot { sight, look, caption }
}

/// Where the pictures of the documentation are, and their page.
const GALLERY: &str = "docs/pictures";
const GALLERY_PAGE: &str = "docs/pictures/README.md";

/// The pictures of the documentation, in the order of their page.
const SHOTS: [Shot; 25] = [
    shot("tokens", "wide-light", "The list of somebody's access tokens, with what is left of each"),
    shot("tokens-panel", "wide-dark", "The panel in which a token is generated, in dark colours"),
    shot("tokens-made", "wide-light", "The generated token, shown once, with a line to try it"),
    shot("tokens", "phone-dark", "The same list on a telephone, in dark colours"),
    shot("login", "wide-light", "Logging in, with a password or at the company's provider"),
    shot("profile", "wide-light", "The profile: name, password, and where one is logged in"),
    shot("all-tokens", "wide-light", "Everybody's tokens, for administrators to search"),
    shot("token-life", "wide-light", "A token and all that happened to it"),
    shot("users", "wide-light", "Who can sign in, and where they come from"),
    shot("user", "wide-light", "A user: who they are, what they may do, and what can be done about them"),
    shot("roles", "wide-light", "The roles, how many are in each, and what each lets them do"),
    shot("role", "wide-light", "A role: who is in it, and what it lets them do"),
    shot("settings", "wide-light", "The rules for tokens"),
    shot("settings-preview", "wide-light", "What becomes of the tokens that a stricter rule touches"),
    shot("notifications", "wide-dark", "The mail before a token expires, with what it looks like"),
    shot("reminders-one", "wide-light", "A night of reminders, and what became of its mails"),
    shot("audit", "wide-light", "The audit log: who did what to what, when and from where"),
    shot("api", "wide-dark", "The API, with a call to try"),
    shot("configuration", "wide-light", "What is configured, in folders"),
    shot("webhooks", "wide-light", "The webhook endpoints, which take requests from elsewhere"),
    shot("webhook", "wide-light", "A webhook endpoint, and what it received"),
    shot("releases", "wide-light", "The releases, and how far each has come"),
    shot("release", "wide-light", "A release that waits for somebody's approval"),
    shot("templates", "wide-light", "The templates of releases"),
    shot("template", "wide-dark", "A template's outline: its phases, tasks and variables"),
];

impl Shot {
    fn file(&self) -> String {
        format!("{}-{}.png", self.sight, self.look)
    }
}

/// Starts the program with a small company's people and tokens, and takes the pictures.
///
/// # Errors
/// When something is missing and cannot be installed, or a picture cannot be written.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    step("what the pictures need", machine::prepare)?;
    if arguments.gallery {
        return take_gallery();
    }
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

/// Takes the pictures of the documentation, removes those that it no longer shows, and writes their page.
fn take_gallery() -> Result<(), Failure> {
    let folder = tree::root().join(GALLERY);
    fs::create_dir_all(&folder).map_err(Failure::file(&folder))?;
    for file in pictures(&folder)? {
        let path = folder.join(file);
        fs::remove_file(&path).map_err(Failure::file(&path))?;
    }
    let company = step("the program", || Ok(Company::found()))?;
    step("pictures", || {
        let browser = Browser::with().zone("Europe/Berlin").start();
        // In the order of the tour: what is done on one sight may be seen on the next.
        SIGHTS.iter().try_for_each(|sight| {
            let shots: Vec<_> = SHOTS.iter().filter(|shot| shot.sight == sight.name).collect();
            if shots.is_empty() {
                return Ok(());
            }
            sight.visit(&browser, &company);
            shots.into_iter().try_for_each(|shot| {
                let look = LOOKS.iter().find(|(name, ..)| *name == shot.look);
                let (_, scheme, size) = look.copied().unwrap_or(LOOKS[0]);
                browser.look(scheme, size);
                let file = folder.join(shot.file());
                let bytes = browser.picture().map_err(Failure::file(&file))?;
                browser.look(Scheme::Light, Size::Wide);
                fs::write(&file, bytes).map_err(Failure::file(&file))
            })
        })
    })?;
    let page = tree::root().join(GALLERY_PAGE);
    fs::write(&page, gallery_page()).map_err(Failure::file(&page))?;
    println!("wrote `{GALLERY_PAGE}` and {} pictures", SHOTS.len());
    Ok(())
}

/// The names of the pictures in a folder, sorted.
fn pictures(folder: &Path) -> Result<Vec<String>, Failure> {
    let entries = fs::read_dir(folder).map_err(Failure::file(folder))?;
    let names = entries.filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()));
    let mut names: Vec<_> = names.filter(|name| name.ends_with(".png")).collect();
    names.sort();
    Ok(names)
}

/// The page of the pictures.
fn gallery_page() -> String {
    let mut page = "# Pictures\n\nWritten by `cargo xtask screenshots --gallery`, of a small company that has used Patgate \
                    for a while.\n"
        .to_owned();
    for shot in &SHOTS {
        let _ = write!(page, "\n## {}\n\n![{}]({})\n", shot.caption, shot.caption, shot.file());
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gallery_shows_sights_of_the_tour_each_once() {
        let mut files: Vec<_> = SHOTS.iter().map(Shot::file).collect();
        for shot in &SHOTS {
            assert!(SIGHTS.iter().any(|sight| sight.name == shot.sight), "{}", shot.sight);
            assert!(LOOKS.iter().any(|(name, ..)| *name == shot.look), "{}", shot.look);
        }
        files.sort();
        files.dedup();
        assert_eq!(files.len(), SHOTS.len());
    }

    #[test]
    fn the_pictures_are_those_of_their_page_and_the_readme_shows_some_of_them() {
        let read = |path: &str| fs::read_to_string(tree::root().join(path)).unwrap();
        assert_eq!(read(GALLERY_PAGE), gallery_page(), "run `cargo xtask screenshots --gallery`");
        let mut files: Vec<_> = SHOTS.iter().map(Shot::file).collect();
        files.sort();
        assert_eq!(pictures(&tree::root().join(GALLERY)).unwrap(), files);
        let readme = read("README.md");
        let shown: Vec<_> =
            readme.split("](docs/pictures/").skip(1).map(|rest| rest.split(')').next().unwrap()).collect();
        assert!(shown.contains(&"README.md") && shown.len() > 3, "{shown:?}");
        for file in shown.iter().filter(|file| **file != "README.md") {
            assert!(files.iter().any(|known| known == file), "{file}");
        }
    }
}
