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
    let mut findings = findings_in(&metadata);
    for package in metadata.workspace_packages() {
        findings.extend(missing_lints(package)?);
    }
    Ok(findings)
}

fn findings_in(metadata: &Metadata) -> Vec<String> {
    let mut findings: Vec<_> = metadata.workspace_packages().into_iter().flat_map(wrong_edges).collect();
    findings.extend(banned_below(metadata));
    findings
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
            // Those for some systems alone as well: it would be built there.
            let used = node
                .deps
                .iter()
                .filter(|edge| edge.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal));
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// A workspace of these crates of ours and others'; an edge says who uses whom, as what kind, on which system.
    fn findings(
        ours: &[&str],
        others: &[&str],
        edges: &[(&str, &str, Option<&str>, Option<&str>)],
    ) -> Vec<String> {
        let of = |user: &str| edges.iter().filter(|edge| edge.0 == user).collect::<Vec<_>>();
        let package = |name: &&str| {
            let dependencies: Vec<Value> = of(name)
                .into_iter()
                .map(|(_, used, kind, target)| {
                    json!({
                        "name": used, "source": null, "req": "*", "kind": kind, "optional": false,
                        "uses_default_features": true, "features": [], "target": target, "rename": null,
                        "registry": null, "path": null,
                    })
                })
                .collect();
            json!({
                "name": name, "version": "1.0.0", "id": name, "source": null, "description": null,
                "dependencies": dependencies, "license": null, "license_file": null, "targets": [], "features": {},
                "manifest_path": "Cargo.toml", "readme": null, "repository": null, "homepage": null,
                "documentation": null, "links": null, "publish": null, "default_run": null, "rust_version": null,
            })
        };
        let node = |name: &&str| {
            let used = of(name).into_iter().map(|(_, used, kind, target)| {
                json!({ "name": used, "pkg": used, "dep_kinds": [{ "kind": kind, "target": target }] })
            });
            json!({ "id": name, "dependencies": [], "deps": used.collect::<Vec<_>>(), "features": [] })
        };
        let all = || ours.iter().chain(others);
        let metadata = json!({
            "packages": all().map(package).collect::<Vec<_>>(), "workspace_members": ours,
            "resolve": { "nodes": all().map(node).collect::<Vec<_>>(), "root": null },
            "workspace_root": "", "target_directory": "", "version": 1, "metadata": null,
        });
        findings_in(&serde_json::from_value(metadata).unwrap())
    }

    #[test]
    fn edges_that_point_down_are_tidy() {
        let ours = ["patgate-core", "patgate-store", "patgate-server", "patgate-testkit"];
        let edges = [
            ("patgate-store", "patgate-core", None, None),
            ("patgate-store", "sea-orm", None, None),
            ("patgate-server", "patgate-store", None, None),
            ("patgate-core", "patgate-testkit", Some("dev"), None),
            ("patgate-core", "proptest", Some("dev"), None),
            ("proptest", "rand", None, None),
        ];
        assert_eq!(findings(&ours, &["sea-orm", "proptest", "rand"], &edges), Vec::<String>::new());
    }

    #[test]
    fn each_edge_that_points_up_is_found() {
        let ours = ["patgate-core", "patgate-store", "patgate-gateway", "patgate-server"];
        for (from, to, kind) in [
            ("patgate-core", "patgate-store", None),
            ("patgate-core", "patgate-store", Some("dev")),
            ("patgate-gateway", "patgate-store", None),
            ("patgate-gateway", "patgate-store", Some("build")),
            ("patgate-store", "patgate-server", None),
        ] {
            let found = findings(&ours, &[], &[(from, to, kind, None)]);
            assert_eq!(found, [format!("{from} uses `{to}`: dependencies point the other way")]);
        }
        // The test kit is built for no person.
        let kit = [("patgate-server", "patgate-testkit", None, None)];
        assert_eq!(findings(&["patgate-server", "patgate-testkit"], &[], &kit).len(), 1);
        assert_eq!(findings(&["patgate-new"], &[], &[]).len(), 1, "a crate without a place");
    }

    #[test]
    fn what_one_crate_owns_no_other_names() {
        for kind in [None, Some("dev")] {
            let found = findings(&["patgate-server"], &["sqlx"], &[("patgate-server", "sqlx", kind, None)]);
            assert_eq!(found, ["patgate-server uses `sqlx`: only `patgate-store` may, go through it"]);
        }
    }

    #[test]
    fn what_is_banned_is_found_however_deep_and_on_whatever_system() {
        for system in [None, Some("cfg(windows)"), Some("aarch64-unknown-linux-gnu")] {
            let edges = [("patgate-core", "between", None, system), ("between", "tokio", None, system)];
            let found = findings(&["patgate-core"], &["between", "tokio"], &edges);
            assert!(found.len() == 1 && found[0].starts_with("patgate-core builds `tokio`"), "{found:?}");
        }
        let tested = [("patgate-core", "between", None, None), ("between", "tokio", Some("dev"), None)];
        assert_eq!(findings(&["patgate-core"], &["between", "tokio"], &tested), Vec::<String>::new());
    }
}
