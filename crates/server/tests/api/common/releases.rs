//! Templates and releases to look at and to act on.

use std::ops::RangeInclusive;

use jiff::{SignedDuration, Timestamp};
use patgate_core::identifier::{ReleaseNumber, UserId};
use patgate_core::release::{
    Event, Phase, PhaseStatus, Release, ReleaseStatus, Task, TaskKind, TaskStatus, Variable, VariableKind,
    VariableValue, step,
};
use patgate_store::{Actor, ActorKind, StoredRelease};
use patgate_testkit::clock::NOON;
use serde_json::json;

use super::World;

impl World {
    /// The template `Release1`, and releases of it: `Release2` waits to be started, `Release3` has failed, and `Release4`
    /// waits at the gate `Phase1/Task1`.
    pub(crate) async fn release_things(&self) {
        let actor = Actor {
            kind: ActorKind::CommandLine,
            name: "test".into(),
            user: None,
            grant: None,
            address: None,
        };
        let root = self.known_as("root").await;
        let template = template(root);
        let of = |id: &str| template.of_template(id.parse().unwrap(), id.to_owned(), root, NOON);
        let go = |release: &Release, event: Event| step(release, event, NOON).unwrap().0;
        let waits = go(&of("Release4"), Event::Start);
        let approve = Event::Approve { task: "Task1".parse().unwrap(), by: "root".to_owned(), comment: None };
        let runs = go(&go(&go(&of("Release3"), Event::Start), approve), Event::Begin);
        let failed = Event::Failed { task: "Task2".parse().unwrap(), reason: "It failed.".to_owned() };
        let failed = go(&runs, failed);
        let mut change = self.state.store.change(&actor, NOON).await.unwrap();
        for (number, release) in [template.clone(), of("Release2"), failed, waits].into_iter().enumerate() {
            let number = ReleaseNumber::from_i64(number as i64 + 1);
            let stored = StoredRelease::new(number, release);
            change.insert_release(&stored, "release.create", json!({})).await.unwrap();
        }
        change.commit().await.unwrap();
    }

    /// A template like that one, `Release5`, in which everything that people can name is called so, and with a variable.
    pub(crate) async fn template_called(&self, name: &str) {
        self.put_release(5, |template| call_all(template, name)).await;
    }

    /// A release of such a template, `Release6`, that waits at the gate `Phase1/Task1`, and whose tasks say so, too.
    pub(crate) async fn release_called(&self, name: &str) {
        let mut template = template(self.known_as("root").await);
        call_all(&mut template, name);
        let id = "Release6".parse().unwrap();
        let planned = template.of_template(id, name.to_owned(), self.known_as(name).await, NOON);
        let mut release = step(&planned, Event::Start, NOON).unwrap().0;
        for task in &mut release.phases[0].tasks {
            task.status_line = Some(name.to_owned());
        }
        self.put_release(6, |stored| *stored = release).await;
    }

    /// Puts a release there that is the template but for what is changed of it.
    pub(crate) async fn put_release(&self, number: i64, change_it: impl FnOnce(&mut Release)) {
        let template = template(self.known_as("root").await);
        let mut release = Release { created_at: NOON + SignedDuration::from_secs(number), ..template };
        change_it(&mut release);
        let number = ReleaseNumber::from_i64(number);
        let stored = StoredRelease::new(number, release);
        let mut change = self.change().await;
        change.insert_release(&stored, "release.create", json!({})).await.unwrap();
        self.commit(change).await;
    }

    /// Templates, or releases that wait to be started, of these numbers: `Nightly 1`, and each next one made a second later.
    pub(crate) async fn nightly(&self, status: ReleaseStatus, numbers: RangeInclusive<i64>) {
        let template = template(self.known_as("root").await);
        let mut change = self.change().await;
        for number in numbers {
            let named = number + if status == ReleaseStatus::Template { 1_000 } else { 2_000 };
            let release = Release {
                id: format!("Release{named}").parse().unwrap(),
                title: format!("Nightly {number}"),
                status,
                created_at: NOON + SignedDuration::from_secs(number),
                ..template.clone()
            };
            let number = ReleaseNumber::from_i64(named);
            let stored = StoredRelease::new(number, release);
            change.insert_release(&stored, "release.create", json!({})).await.unwrap();
        }
        self.commit(change).await;
    }

    /// Who is called so; nobody when there is none.
    async fn known_as(&self, name: &str) -> UserId {
        let user = self.state.store.user_by_name(&name.parse().unwrap()).await.unwrap();
        user.map_or(UserId::from_i64(0), |user| user.id)
    }
}

/// Makes it `Release5`, in which everything is called so, and which has a variable.
fn call_all(template: &mut Release, name: &str) {
    template.id = "Release5".parse().unwrap();
    template.title = name.to_owned();
    template.description = name.to_owned();
    template.phases[0].title = name.to_owned();
    for task in &mut template.phases[0].tasks {
        task.title = name.to_owned();
    }
    template.variables.push(Variable {
        id: "Variable1".parse().unwrap(),
        key: "version".to_owned(),
        kind: VariableKind::Text,
        value: Some(VariableValue::Text(name.to_owned())),
        label: name.to_owned(),
        description: String::new(),
        requires_value: false,
        show_on_release_start: true,
    });
}

fn template(owner: UserId) -> Release {
    let task = |id: &str, kind: TaskKind| Task {
        id: id.parse().unwrap(),
        title: id.to_owned(),
        description: String::new(),
        kind,
        status: TaskStatus::Planned,
        restarts_when_interrupted: false,
        runs: 0,
        restarts: 0,
        interruptions: 0,
        status_line: None,
        completed_by: None,
        started_at: None,
        ended_at: None,
    };
    let script = TaskKind::Script { script: "print(1)".to_owned() };
    let phase = Phase {
        id: "Phase1".parse().unwrap(),
        title: "Phase".to_owned(),
        description: String::new(),
        status: PhaseStatus::Planned,
        tasks: vec![task("Task1", TaskKind::Gate), task("Task2", script)],
        started_at: None,
        ended_at: None,
    };
    Release {
        id: "Release1".parse().unwrap(),
        title: "Ship it".to_owned(),
        description: String::new(),
        status: ReleaseStatus::Template,
        tags: Vec::new(),
        owner,
        phases: vec![phase],
        variables: Vec::new(),
        passwords_of: None,
        passwords_of_others: false,
        run_as: None,
        abort_on_failure: false,
        abort_comment: None,
        template: None,
        generation: 0,
        created_at: Timestamp::UNIX_EPOCH,
        started_at: None,
        ended_at: None,
    }
}
