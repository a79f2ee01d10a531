//! Control tasks in Deploy's words.

use patgate_core::xml::Element;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::wire::{Ci, CiForm, Document, FromEither, written};
use crate::api::configuration_items::DraftBody;
use crate::problem::Problem;
use crate::service::control::ControlTask;

/// What is to be done with which CI.
pub(super) struct Control {
    pub(super) task: &'static str,
    pub(super) ci: Ci,
}

impl Document for Control {
    fn json(&self) -> Value {
        json!({ "method": self.task, "controllable": self.ci.json() })
    }

    fn xml(&self) -> Element {
        let controllable = Element::new("controllable").child(self.ci.xml());
        Element::new("control").attribute("method", self.task).child(controllable)
    }
}

/// The same, as it is sent back.
pub(super) struct ControlForm {
    pub(super) task: String,
    pub(super) ci: CiForm,
}

/// The same in JSON.
#[derive(Deserialize)]
#[serde(expecting = "an object")]
pub(super) struct ControlJson {
    #[serde(alias = "controlName", alias = "controlTask")]
    method: String,
    controllable: DraftBody,
}

impl FromEither for ControlForm {
    type Json = ControlJson;

    fn of_json(json: ControlJson) -> Result<Self, Problem> {
        Ok(Self { task: json.method, ci: CiForm::of_json(json.controllable)? })
    }

    fn of_xml(element: &Element) -> Result<Self, Problem> {
        let task = element.value_of("method").unwrap_or_default().to_owned();
        let ci = element.find("controllable").and_then(|controllable| controllable.children().first());
        let ci = ci.ok_or_else(|| {
            Problem::field(
                "controllable",
                "The body is `<control method=\"…\"><controllable>` with a CI in it",
            )
        })?;
        Ok(Self { task, ci: CiForm::of_xml(ci)? })
    }
}

impl Document for ControlTask {
    fn json(&self) -> Value {
        json!({
            "id": self.id,
            "state": self.state.as_str(),
            "state2": self.state.as_str(),
            "description": description(self),
            "owner": self.owner,
            "failures": self.failures,
            "startDate": self.started_at.map(written),
            "completionDate": self.ended_at.map(written),
            "metadata": { "taskType": "CONTROL", "controlTask": self.name, "ciId": self.item },
            "log": self.log,
        })
    }

    fn xml(&self) -> Element {
        let mut task = Element::new("task")
            .attribute("id", self.id.as_str())
            .attribute("state", self.state.as_str())
            .attribute("state2", self.state.as_str())
            .attribute("owner", self.owner.as_str())
            .attribute("failures", self.failures.to_string())
            .leaf("description", description(self));
        for (name, at) in [("startDate", self.started_at), ("completionDate", self.ended_at)] {
            task = task.children_of(at.map(|at| Element::new(name).text(written(at))));
        }
        let metadata = Element::new("metadata")
            .leaf("taskType", "CONTROL")
            .leaf("controlTask", self.name)
            .leaf("ciId", self.item.as_str());
        task.child(metadata).child(Element::new("log").text(self.log.join("\n")))
    }
}

fn description(task: &ControlTask) -> String {
    format!("Control task [{}] for {}", task.name, task.item)
}
