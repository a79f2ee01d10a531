//! There is no permit to begin with.

fn main() {
    let _: patgate_core::verify::Permit<'static> = Default::default();
}
