//! Judging CIs that are not made, and what their properties could be.

use axum::extract::State;
use patgate_core::item::{Draft, Entered, MASK, PropertyDescriptor, Value, descriptor};
use serde::Deserialize;
use utoipa::IntoParams;

use super::super::wire::{
    Answer, Ci, CiDocument, CiForm, CiReference, CiReferenceDocument, Format, List, Message, Received,
};
use super::many::drafts;
use crate::api::query::Parameters;
use crate::api::refusals::InText;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::items;
use crate::state::AppState;

/// Tells what is wrong with CIs, without making or changing them: each comes back with its `validation-messages`. Needs
/// `config#edit`.
#[utoipa::path(
    post,
    path = "/deployit/repository/validate",
    tag = "deploy",
    request_body(content((Vec<CiDocument> = "application/json"), (String = "application/xml"))),
    responses(
        (status = 200, description = "The CIs, with what is wrong with them",
            content((Vec<CiDocument> = "application/json"), (String = "application/xml"))),
        InText
    )
)]
pub(super) async fn validate_cis(
    State(state): State<AppState>,
    caller: Caller,
    format: Format,
    Received(forms): Received<Vec<CiForm>>,
) -> Result<Answer<List<Ci>>, Problem> {
    let drafts = drafts(forms)?;
    let cis: Vec<_> = drafts
        .iter()
        .map(|draft| {
            Ci::unstored(
                draft.id.to_string(),
                draft.type_name.clone(),
                shown(&draft.properties, &draft.type_name),
            )
        })
        .collect();
    let faults = items::check(&state, &caller, drafts).await?;
    let judged = cis.into_iter().zip(faults).map(|(ci, faults)| {
        let message = |fault: crate::problem::FieldFault| Message {
            text: fault.sentence(),
            property: fault.field.strip_prefix("properties.").unwrap_or(&fault.field).to_owned(),
        };
        ci.judged(faults.into_iter().map(message).collect())
    });
    Ok(Answer(format, List(judged.collect())))
}

/// Of which property the values are asked for.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct CandidateParameters {
    /// The property.
    property_name: String,
}

/// Lists the CIs that a property of a CI could refer to: none, because no type here has such a property. For everybody.
#[utoipa::path(
    post,
    path = "/deployit/repository/candidate-values",
    tag = "deploy",
    params(CandidateParameters),
    request_body(content((CiDocument = "application/json"), (String = "application/xml"))),
    responses(
        (status = 200, description = "The CIs",
            content((Vec<CiReferenceDocument> = "application/json"), (String = "application/xml"))),
        InText
    )
)]
pub(super) async fn candidate_values(
    _: Caller,
    Parameters(asked): Parameters<CandidateParameters>,
    format: Format,
    Received(form): Received<CiForm>,
) -> Result<Answer<List<CiReference>>, Problem> {
    let type_name = form.type_name.unwrap_or_default();
    let descriptor = descriptor(&type_name)
        .ok_or_else(|| Problem::field("type", format!("The field `type`: there is no type `{type_name}`")))?;
    if descriptor.property(&asked.property_name).is_none() {
        let detail = format!("`{type_name}` has no property `{}`", asked.property_name);
        return Err(Problem::field("propertyName", detail));
    }
    Ok(Answer(format, List(Vec::new())))
}

/// What was entered, with the mask in the place of what may be a secret.
fn shown(draft: &Draft, type_name: &str) -> Vec<(String, Value)> {
    let descriptor = descriptor(type_name);
    let value = |(name, entered): (&String, &Entered)| {
        let property = descriptor.and_then(|descriptor| descriptor.property(name));
        let value = match entered {
            Entered::Nothing | Entered::Unsuitable => return None,
            _ if property.is_some_and(PropertyDescriptor::is_secret) => Value::Text(MASK.to_owned()),
            Entered::Integer(number) => Value::Integer(*number),
            Entered::Boolean(yes) => Value::Boolean(*yes),
            Entered::Text(text) if property.is_some() => Value::Text(text.reveal().to_owned()),
            Entered::Text(_) => Value::Text(MASK.to_owned()),
            Entered::Map(map) => Value::Map(map.clone()),
        };
        Some((name.clone(), value))
    };
    draft.iter().filter_map(value).collect()
}
