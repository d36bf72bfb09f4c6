//! Any bytes as a file.

#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| fluxgate_engine_fuzz::file(data));

#[cfg(not(fuzzing))]
fn main() -> Result<(), String> {
    fluxgate_engine_fuzz::main(fluxgate_engine_fuzz::file)
}
