//! Any text as an expression and as a split.

#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| fluxgate_engine_fuzz::expression(data));

#[cfg(not(fuzzing))]
fn main() -> Result<(), String> {
    fluxgate_engine_fuzz::main(fluxgate_engine_fuzz::expression)
}
