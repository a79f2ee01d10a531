//! A permit is for one request: it cannot be kept for the next.

fn keep(permit: &patgate_core::verify::Permit<'_>) {
    let _: patgate_core::verify::Permit<'_> = permit.clone();
}

fn main() {}
