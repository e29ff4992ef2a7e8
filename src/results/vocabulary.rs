//! The words that results use where a column has a fixed set of values.
//!
//! The verdicts and the invariants' names are words too, but belong to [`invariant`](crate::invariant).

use std::fmt;

macro_rules! vocabulary {
    ($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $word:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum $name {
            $($(#[$word_doc])* $word,)*
        }

        impl $name {
            /// Every word, in the order of the reports.
            pub const ALL: &'static [$name] = &[$($name::$word,)*];

            /// The word that results use.
            pub const fn name(self) -> &'static str {
                match self { $($name::$word => $text,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.name())
            }
        }
    };
}

vocabulary! {
    /// What became of the payment at P, in the columns `payment` and `outcome`.
    Payment {
        /// P never decided.
        None = "none",
        /// The money moved.
        Committed = "committed",
        /// P refused.
        Declined = "declined",
        /// P recorded that it will never happen.
        Aborted = "aborted",
    }
}

vocabulary! {
    /// What C holds of the goods.
    CustomerGoods {
        /// Nothing.
        None = "none",
        /// The ciphertext, without the key that opens it.
        Sealed = "sealed",
        /// The item that the signed description promises.
        Item = "item",
        /// Some other item.
        WrongItem = "wrong-item",
    }
}

vocabulary! {
    /// A plain answer.
    YesNo {
        /// It is so.
        Yes = "yes",
        /// It is not.
        No = "no",
    }
}

vocabulary! {
    /// What C believes about its money.
    CustomerBelief {
        /// It knows of no purchase.
        None = "none",
        /// It has sent an instrument and does not know.
        InDoubt = "in-doubt",
        /// It has paid.
        Charged = "charged",
        /// It has not paid, and will not.
        NotCharged = "not-charged",
    }
}

vocabulary! {
    /// What M believes about its money.
    MerchantBelief {
        /// It knows of no purchase.
        None = "none",
        /// It has submitted an instrument and does not know.
        InDoubt = "in-doubt",
        /// It was paid.
        Paid = "paid",
        /// It was not paid, and will not be.
        NotPaid = "not-paid",
    }
}

vocabulary! {
    /// What a mechanism is needed for, in the column `verdict` of `necessity.csv`.
    Need {
        /// The base line: nothing breaks with every mechanism on.
        Holds = "holds",
        /// The base line: this breaks with every mechanism on.
        Violated = "violated",
        /// Without it this breaks between honest parties.
        Needed = "needed",
        /// Without it nothing breaks between honest parties, and this does against the deviation.
        NeededOnlyAgainst = "needed-only-against",
        /// It is needed between honest parties, and without it the deviation breaks this beside, or with fewer faults.
        WorseAgainst = "worse-against",
        /// It is needed between honest parties, and the deviation makes nothing worse within so many faults.
        NoWorseAgainst = "no-worse-against",
        /// Nothing breaks without it within so many faults.
        NotNeededWithin = "not-needed-within",
        /// Not everything was tried.
        Unknown = "unknown",
    }
}

impl From<bool> for YesNo {
    fn from(it_is_so: bool) -> YesNo {
        if it_is_so { YesNo::Yes } else { YesNo::No }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invariant::{Invariant, Verdict};

    /// Serde derives its words from the variants' names: they must not part from those that are displayed.
    fn assert_serialized(word: impl serde::Serialize, text: &str) {
        assert_eq!(serde_json::to_value(word).unwrap(), text);
    }

    #[test]
    fn words_are_written_as_they_are_displayed() {
        Payment::ALL.iter().for_each(|word| assert_serialized(word, &word.to_string()));
        CustomerGoods::ALL.iter().for_each(|word| assert_serialized(word, &word.to_string()));
        YesNo::ALL.iter().for_each(|word| assert_serialized(word, &word.to_string()));
        Need::ALL.iter().for_each(|word| assert_serialized(word, &word.to_string()));
        CustomerBelief::ALL.iter().for_each(|word| assert_serialized(word, &word.to_string()));
        MerchantBelief::ALL.iter().for_each(|word| assert_serialized(word, &word.to_string()));
        Invariant::ALL.iter().for_each(|invariant| assert_serialized(invariant, invariant.name()));
        for verdict in [Verdict::Holds, Verdict::Violated] {
            assert_serialized(verdict, verdict.name());
        }
    }

    #[test]
    fn words_are_those_of_the_interface() {
        let words = |all: &[&str]| all.join(", ");
        let of = |all: Vec<&'static str>| words(&all);
        assert_eq!(of(Payment::ALL.iter().map(|w| w.name()).collect()), "none, committed, declined, aborted");
        assert_eq!(of(CustomerGoods::ALL.iter().map(|w| w.name()).collect()), "none, sealed, item, wrong-item");
        assert_eq!(of(YesNo::ALL.iter().map(|w| w.name()).collect()), "yes, no");
        assert_eq!(of(CustomerBelief::ALL.iter().map(|w| w.name()).collect()), "none, in-doubt, charged, not-charged");
        assert_eq!(of(MerchantBelief::ALL.iter().map(|w| w.name()).collect()), "none, in-doubt, paid, not-paid");
    }
}
