//! The machine, walked at random: nothing gets stuck, nothing runs twice unmarked, and everything can be ended.

use proptest::prelude::*;

use super::*;
use crate::identifier::UserId;

fn now() -> jiff::Timestamp {
    "2026-05-03T12:00:00Z".parse().unwrap()
}

fn task(name: &str, kind: TaskKind) -> Task {
    Task {
        id: name.parse().unwrap(),
        title: name.to_owned(),
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
    }
}

/// A template with phases of tasks: `s` is a script, `r` one that restarts when it was interrupted, `g` a gate.
fn template(phases: &[&str]) -> Release {
    let script = || TaskKind::Script { script: "print(1)".to_owned() };
    let phases = phases.iter().enumerate().map(|(at, tasks)| Phase {
        id: format!("Phase{at}").parse().unwrap(),
        title: format!("Phase {at}"),
        description: String::new(),
        status: PhaseStatus::Planned,
        tasks: (tasks.chars().enumerate())
            .map(|(n, kind)| {
                let kinds = if kind == 'g' { TaskKind::Gate } else { script() };
                Task { restarts_when_interrupted: kind == 'r', ..task(&format!("Task{at}x{n}"), kinds) }
            })
            .collect(),
        started_at: None,
        ended_at: None,
    });
    Release {
        id: "Release1".parse().unwrap(),
        title: "Ship it".to_owned(),
        description: String::new(),
        status: ReleaseStatus::Template,
        tags: Vec::new(),
        owner: UserId::from_i64(1),
        phases: phases.collect(),
        variables: Vec::new(),
        passwords_of: None,
        passwords_of_others: false,
        run_as: None,
        abort_on_failure: false,
        abort_comment: None,
        template: None,
        generation: 0,
        created_at: now(),
        started_at: None,
        ended_at: None,
    }
}

fn release(phases: &[&str]) -> Release {
    template(phases).of_template(
        "Release2".parse().unwrap(),
        "Ship it".to_owned(),
        UserId::from_i64(1),
        now(),
    )
}

fn go(release: &Release, event: Event) -> Release {
    step(release, event, now()).unwrap().0
}

/// Begins the next script, which fails.
fn failed(release: &Release) -> Release {
    let begun = go(release, Event::Begin);
    let task = begun.active_task().unwrap().id.clone();
    go(&begun, Event::Failed { task, reason: "no".to_owned() })
}

/// Begins the next script and ends it.
fn run(release: &Release) -> Release {
    let begun = go(release, Event::Begin);
    let task = begun.active_task().unwrap().id.clone();
    go(&begun, Event::Completed { task, variables: Vec::new() })
}

#[test]
fn a_release_runs_through_its_phases_and_waits_at_a_gate() {
    let started = go(&release(&["s", "", "gs"]), Event::Start);
    assert_eq!(started.active_task().unwrap().status, TaskStatus::Queued);
    let at_gate = run(&started);
    let gate = at_gate.active_task().unwrap();
    assert_eq!((&gate.kind, gate.status), (&TaskKind::Gate, TaskStatus::InProgress));
    assert_eq!(at_gate.phases[1].status, PhaseStatus::Completed, "an empty phase is done");
    assert!(matches!(step(&at_gate, Event::Begin, now()), Err(Refused::Task(TaskStatus::InProgress))));
    let approve = Event::Approve { task: gate.id.clone(), by: "bob".to_owned(), comment: None };
    let done = run(&go(&at_gate, approve));
    assert_eq!((done.status, done.ended_at), (ReleaseStatus::Completed, Some(now())));
    assert_eq!(done.tasks().map(|task| task.runs).collect::<Vec<_>>(), [1, 1, 1]);
    assert!(done.phases[2].tasks[0].completed_by.as_deref() == Some("bob"));
}

#[test]
fn an_empty_release_is_done_when_it_starts() {
    assert_eq!(go(&release(&[]), Event::Start).status, ReleaseStatus::Completed);
}

#[test]
fn a_template_never_starts() {
    for event in [Event::Start, Event::Begin, Event::Abort { comment: None }, Event::Interrupted] {
        assert_eq!(step(&template(&["s"]), event, now()), Err(Refused::Status(ReleaseStatus::Template)));
    }
}

#[test]
fn who_ran_a_task_goes_away_and_it_fails_or_begins_again_by_its_policy() {
    let failed = go(&go(&go(&release(&["s"]), Event::Start), Event::Begin), Event::Interrupted);
    assert_eq!(
        (failed.status, failed.phases[0].tasks[0].status),
        (ReleaseStatus::Failed, TaskStatus::Failed)
    );
    assert!(failed.phases[0].tasks[0].status_line.as_deref().unwrap().contains("went away"));
    let again = go(&go(&go(&release(&["r"]), Event::Start), Event::Begin), Event::Interrupted);
    let task = again.active_task().unwrap();
    assert_eq!((task.status, task.runs, task.restarts), (TaskStatus::Queued, 1, 1), "marked as a restart");
    assert_eq!(run(&again).phases[0].tasks[0].runs, 2);
}

#[test]
fn a_task_is_not_begun_for_ever() {
    let until_it_fails = |mut release: Release| {
        while release.status == ReleaseStatus::InProgress {
            release = go(&go(&release, Event::Begin), Event::Interrupted);
        }
        release
    };
    let mut release = until_it_fails(go(&release(&["r"]), Event::Start));
    let task = &release.phases[0].tasks[0];
    assert_eq!((task.status, task.runs), (TaskStatus::Failed, MOST_INTERRUPTED), "it takes its server along");
    assert!(task.status_line.as_deref().unwrap().contains("went away 10 times in a row"), "{task:?}");
    let again = || Event::Restart(RestartFrom::Failed);
    release = failed(&go(&release, again()));
    while let Ok((restarted, _)) = step(&release, again(), now()) {
        release = until_it_fails(restarted);
    }
    assert_eq!(step(&release, again(), now()), Err(Refused::TooOften));
    let task = &release.phases[0].tasks[0];
    assert_eq!((task.runs, task.interruptions), (MOST_RUNS, MOST_INTERRUPTED - 1));
    assert!(task.status_line.as_deref().unwrap().contains("make a new release"), "{task:?}");
}

#[test]
fn a_task_that_people_restarted_often_still_begins_again_by_itself() {
    let mut release = go(&release(&["r"]), Event::Start);
    for _ in 0..MOST_INTERRUPTED {
        let interrupted = go(&go(&release, Event::Begin), Event::Interrupted);
        release = go(&failed(&interrupted), Event::Restart(RestartFrom::Failed));
    }
    let again = go(&go(&release, Event::Begin), Event::Interrupted);
    let task = again.active_task().unwrap();
    assert_eq!((task.status, task.interruptions), (TaskStatus::Queued, 1));
    assert_eq!(task.runs, 2 * MOST_INTERRUPTED + 1);
}

#[test]
fn a_failed_release_goes_on_from_where_somebody_says() {
    let started = run(&go(&release(&["ss", "s"]), Event::Start));
    let begun = go(&started, Event::Begin);
    let task: TaskId = "Task0x1".parse().unwrap();
    let failed = go(&begun, Event::Failed { task: task.clone(), reason: "no".to_owned() });
    let runs = |release: &Release| release.tasks().map(|t| (t.runs, t.restarts)).collect::<Vec<_>>();
    let again = go(&failed, Event::Restart(RestartFrom::Failed));
    assert_eq!(
        (again.active_task().map(|t| &t.id), runs(&again)),
        (Some(&task), vec![(1, 0), (1, 1), (0, 0)])
    );
    let whole = go(&failed, Event::Restart(RestartFrom::Phase("Phase0".parse().unwrap())));
    assert_eq!(runs(&whole), [(1, 1), (1, 1), (0, 0)]);
    assert_eq!(run(&run(&run(&whole))).status, ReleaseStatus::Completed);
    let ahead = Event::Restart(RestartFrom::Task("Task1x0".parse().unwrap()));
    assert_eq!(step(&failed, ahead, now()), Err(Refused::Ahead));
}

#[test]
fn a_release_that_aborts_on_failure_is_over_then() {
    let mut release = release(&["s", "s"]);
    release.abort_on_failure = true;
    let begun = go(&go(&release, Event::Start), Event::Begin);
    let failed = go(&begun, Event::Failed { task: "Task0x0".parse().unwrap(), reason: "no".to_owned() });
    assert_eq!(failed.status, ReleaseStatus::Aborted);
    let statuses: Vec<_> = failed.tasks().map(|task| task.status).collect();
    assert_eq!(statuses, [TaskStatus::Failed, TaskStatus::Aborted], "what failed is still told");
}

#[test]
fn names_are_read_in_both_forms_and_nothing_else() {
    let id = ReleaseId::of_place("Applications/Release4f").unwrap();
    assert_eq!(ReleaseId::of_place("Release4f"), Ok(id.clone()));
    assert_eq!(id.to_string(), "Applications/Release4f");
    for wrong in
        ["", "Release", "Applications/Releasé", "Applications/Folder1/Release1", "Task1", "Release1/x"]
    {
        assert!(ReleaseId::of_place(wrong).is_err(), "{wrong}");
    }
    let place: TaskPlace = "Applications/Release1/Phase2/Task3".parse().unwrap();
    assert_eq!(place.to_string(), "Applications/Release1/Phase2/Task3");
    assert!("Applications/Release1/Phase2/Task3/Task4".parse::<TaskPlace>().is_err());
}

#[test]
fn a_task_is_at_its_own_place_alone() {
    let release = release(&["s", "s"]);
    let at = |place: &str| release.task_at(&place.parse().unwrap()).map(|(_, task)| task.id.as_str());
    assert_eq!(at("Release2/Phase1/Task1x0"), Some("Task1x0"));
    for wrong in ["Release2/Phase0/Task1x0", "Release3/Phase1/Task1x0", "Release2/Phase1/Task9"] {
        assert_eq!(at(wrong), None, "{wrong}");
    }
}

#[test]
fn limits_hold() {
    assert_eq!(release(&["s"]).check(), Ok(()));
    let mut long = release(&["s"]);
    long.phases[0].tasks[0].kind = TaskKind::Script { script: "x".repeat(LONGEST_SCRIPT + 1) };
    assert!(matches!(long.check(), Err(Unfit::TooLong { what: "a script", .. })));
    let mut twice = release(&["ss"]);
    twice.phases[0].tasks[1].id = twice.phases[0].tasks[0].id.clone();
    assert!(matches!(twice.check(), Err(Unfit::Twice(_))));
    let nameless = Release { title: String::new(), ..release(&[]) };
    assert_eq!(nameless.check(), Err(Unfit::Name("a title")));
}

/// What somebody changes of a release.
type Edit = fn(&mut Release);

#[test]
fn who_declares_a_variable_changes_what_a_release_does_and_who_sets_one_that_is_asked_for_does_not() {
    let variable = |id: &str, key: &str, is_asked: bool| Variable {
        id: id.parse().unwrap(),
        key: key.to_owned(),
        kind: VariableKind::Text,
        value: Some(VariableValue::Text("1.2".to_owned())),
        label: String::new(),
        description: String::new(),
        requires_value: false,
        show_on_release_start: is_asked,
    };
    let variables = vec![variable("Variable1", "steady", false), variable("Variable2", "version", true)];
    let known = Release { variables, ..template(&["sr"]) };
    let edits: [(&str, bool, Edit); 12] = [
        ("nothing", true, |_| {}),
        ("a title", true, |release| release.title = "Ship them".to_owned()),
        ("what people read", true, |release| release.variables[1].label = "Which".to_owned()),
        ("the value of one that is asked for", true, |release| release.variables[1].value = None),
        ("the value of one that is not", false, |release| release.variables[0].value = None),
        ("one more that is asked for", false, |release| {
            let asked = release.variables[1].clone();
            release.variables.push(Variable { key: "path".to_owned(), ..asked });
        }),
        ("one less", false, |release| release.variables.truncate(1)),
        ("a key", false, |release| release.variables[1].key = "path".to_owned()),
        ("a kind", false, |release| release.variables[1].kind = VariableKind::List),
        ("asked for no more", false, |release| release.variables[1].show_on_release_start = false),
        ("a script", false, |release| release.phases[0].tasks[0].kind = TaskKind::Gate),
        ("begun again by itself", false, |release| {
            release.phases[0].tasks[0].restarts_when_interrupted = true;
        }),
    ];
    for (what, is_same, edit) in edits {
        let mut changed = known.clone();
        edit(&mut changed);
        assert_eq!(known.does_the_same_as(&changed), is_same, "{what}");
        assert_eq!(changed.does_the_same_as(&known), is_same, "{what}");
    }
}

fn event(release: &Release, choice: u8) -> Event {
    let active = release.active_task().map(|task| task.id.clone());
    let task = active.unwrap_or_else(|| "Task0x0".parse().unwrap());
    match choice % 8 {
        0 => Event::Start,
        1 | 2 => Event::Begin,
        3 => Event::Completed { task, variables: Vec::new() },
        4 => Event::Failed { task, reason: "no".to_owned() },
        5 => Event::Interrupted,
        6 => Event::Approve { task, by: "bob".to_owned(), comment: None },
        _ => Event::Restart(if choice < 128 { RestartFrom::Failed } else { RestartFrom::Task(task) }),
    }
}

proptest! {
    #[test]
    fn a_release_is_never_stuck_and_no_task_runs_twice_unmarked(
        phases in proptest::collection::vec("[srg]{0,3}", 0..4),
        choices in proptest::collection::vec(any::<u8>(), 0..60),
    ) {
        let phases: Vec<&str> = phases.iter().map(String::as_str).collect();
        let mut release = release(&phases);
        let mut running: Option<TaskId> = None;
        for choice in choices {
            let event = event(&release, choice);
            let restarts = matches!(event, Event::Restart(_) | Event::Interrupted);
            let Ok((next, effects)) = step(&release, event, now()) else { continue };
            for (before, after) in release.tasks().zip(next.tasks()) {
                prop_assert!(after.runs <= after.restarts + 1, "{after:?}");
                prop_assert!(after.interruptions <= after.runs.min(MOST_INTERRUPTED), "{after:?}");
                prop_assert!(after.restarts == before.restarts || restarts, "only a restart marks one");
            }
            // One at a time, and told of exactly when it begins.
            let active = next.tasks().filter(|task| task.status.is_active()).count();
            prop_assert!(active == usize::from(next.status.is_active()), "{next:?}");
            if let Some(Effect::Run(task)) = effects.first() {
                prop_assert!(running.replace(task.clone()).is_none());
            }
            if next.active_task().is_none_or(|task| task.status != TaskStatus::InProgress) {
                running = None;
            }
            release = next;
            // Whatever happened: it can be ended, or has ended.
            let aborted = step(&release, Event::Abort { comment: None }, now());
            prop_assert_eq!(aborted.is_ok(), !release.status.is_final());
        }
        // And from wherever it stands, it comes to its end.
        for _ in 0..200 {
            let event = match (release.status, release.active_task()) {
                (ReleaseStatus::Planned, _) => Event::Start,
                (ReleaseStatus::Failed, _) => Event::Restart(RestartFrom::Failed),
                (_, Some(task)) if task.status == TaskStatus::Queued => Event::Begin,
                (_, Some(task)) if task.kind == TaskKind::Gate => {
                    Event::Approve { task: task.id.clone(), by: "bob".to_owned(), comment: None }
                }
                (_, Some(task)) => Event::Completed { task: task.id.clone(), variables: Vec::new() },
                (_, None) => break,
            };
            release = go(&release, event);
        }
        prop_assert_eq!(release.status, ReleaseStatus::Completed);
    }
}
