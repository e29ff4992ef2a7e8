//! A plan, or a course under the untimed clock: whatever reads prints to something that reads back as the same.
#![no_main]

use halfpaid::fault::{Course, Plan};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(plan) = text.parse::<Plan>() {
        assert_eq!(plan.to_string().parse(), Ok(plan));
    }
    if let Ok(course) = text.parse::<Course>() {
        assert_eq!(course.to_string().parse(), Ok(course));
    }
});
