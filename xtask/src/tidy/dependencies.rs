//! Dependencies point one way: `core` ← `store`, `core` ← `gateway`, all three ← `server` ← `cli`.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package, PackageId};

use crate::failure::Failure;
use crate::tree;

/// Our crates from the bottom up, and which of ours each may use in what is built for people.
const LAYERS: [(&str, &[&str]); 7] = [
    ("patgate-core", &[]),
    ("patgate-store", &["patgate-core"]),
    ("patgate-gateway", &["patgate-core"]),
    ("patgate-server", &["patgate-core", "patgate-gateway", "patgate-store"]),
    ("patgate", &["patgate-server"]),
    ("patgate-testkit", &["patgate-core"]),
    ("xtask", &["patgate-core", "patgate-gateway", "patgate-server", "patgate-store", "patgate-testkit"]),
];

/// Crates that only one of ours may name: everybody else goes through that one.
const OWNED: [(&str, &str); 3] =
    [("sea-orm", "patgate-store"), ("sea-query", "patgate-store"), ("sqlx", "patgate-store")];

/// What must not even be built below one of ours, because it would let it do what it promises not to.
const BANNED_BELOW: [(&str, &[&str]); 2] = [
    (
        "patgate-core",
        &["tokio", "mio", "socket2", "hyper", "rustls", "sea-orm", "sqlx", "async-io", "rand", "getrandom"],
    ),
    ("patgate-gateway", &["sea-orm", "sqlx", "sqlx-core", "rusqlite"]),
];

/// One line for each edge that must not be.
///
/// # Errors
/// When cargo does not describe the workspace.
pub(super) fn findings() -> Result<Vec<String>, Failure> {
    let metadata = MetadataCommand::new().manifest_path(tree::root().join("Cargo.toml")).exec()?;
    let mut findings = Vec::new();
    for package in metadata.workspace_packages() {
        findings.extend(wrong_edges(package));
        findings.extend(missing_lints(package)?);
    }
    findings.extend(banned_below(&metadata));
    Ok(findings)
}

fn wrong_edges(package: &Package) -> Vec<String> {
    let name = package.name.as_str();
    let Some(rank) = rank(name) else {
        return vec![format!("{name}: give the crate its place in the layers of `xtask tidy`")];
    };
    let mut findings = Vec::new();
    for dependency in &package.dependencies {
        let used = dependency.name.as_str();
        if let Some((_, owner)) = OWNED.iter().find(|(owned, owner)| *owned == used && *owner != name) {
            findings.push(format!("{name} uses `{used}`: only `{owner}` may, go through it"));
        }
        let Some(used_rank) = self::rank(used) else { continue };
        let is_allowed = match dependency.kind {
            // A test may look at anything below it, and use the test kit.
            DependencyKind::Development => used == "patgate-testkit" || used_rank < rank,
            _ => LAYERS[rank].1.contains(&used),
        };
        if !is_allowed {
            findings.push(format!("{name} uses `{used}`: dependencies point the other way"));
        }
    }
    findings
}

/// The lints of the workspace hold only for a crate that says so.
fn missing_lints(package: &Package) -> Result<Option<String>, Failure> {
    let manifest = package.manifest_path.as_std_path();
    let text = std::fs::read_to_string(manifest).map_err(Failure::file(manifest))?;
    let has_lints = text.contains("[lints]\nworkspace = true\n");
    Ok((!has_lints).then(|| format!("{}: add `[lints]` with `workspace = true`", package.name)))
}

fn banned_below(metadata: &Metadata) -> Vec<String> {
    let names: BTreeMap<&PackageId, &str> =
        metadata.packages.iter().map(|package| (&package.id, package.name.as_str())).collect();
    let edges: BTreeMap<&PackageId, Vec<&PackageId>> = metadata
        .resolve
        .iter()
        .flat_map(|resolve| &resolve.nodes)
        .map(|node| {
            let used = node.deps.iter().filter(|edge| {
                edge.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal && kind.target.is_none())
            });
            (&node.id, used.map(|edge| &edge.pkg).collect())
        })
        .collect();
    let mut findings = Vec::new();
    for (ours, banned) in BANNED_BELOW {
        let Some(start) = metadata.workspace_packages().into_iter().find(|package| package.name == ours)
        else {
            continue;
        };
        for below in reachable(&start.id, &edges) {
            let name = names.get(below).copied().unwrap_or_default();
            if banned.contains(&name) {
                findings.push(format!(
                    "{ours} builds `{name}` below it: `cargo tree -p {ours} -e normal -i {name}`"
                ));
            }
        }
    }
    findings
}

fn reachable<'a>(
    start: &'a PackageId,
    edges: &BTreeMap<&'a PackageId, Vec<&'a PackageId>>,
) -> BTreeSet<&'a PackageId> {
    let mut seen = BTreeSet::new();
    let mut open = vec![start];
    while let Some(next) = open.pop() {
        for used in edges.get(next).into_iter().flatten().copied() {
            if seen.insert(used) {
                open.push(used);
            }
        }
    }
    seen
}

/// How far up a crate of ours is; `None` for other people's crates.
fn rank(name: &str) -> Option<usize> {
    LAYERS.iter().position(|(ours, _)| *ours == name)
}
