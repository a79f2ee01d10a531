//! A permit comes from a verdict, never from somebody who would like to have one.

use patgate_core::verify::Permit;

fn forge(permit: Permit<'_>) -> Permit<'_> {
    Permit { is_sample: false, ..permit }
}

fn main() {}
