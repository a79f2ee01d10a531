//! The program `patgate`.
fn main() {}
