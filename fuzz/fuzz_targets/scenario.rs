//! A scenario file: a checked value or diagnostics that can be rendered, never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::path::Path;

fuzz_target!(|text: &str| {
    if let Err(diagnostics) = halfpaid::scenario::parse(Path::new("fuzz.toml"), text) {
        for diagnostic in diagnostics {
            let _ = diagnostic.render(false);
        }
    }
});
