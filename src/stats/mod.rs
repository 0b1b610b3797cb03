//! Statistics of slopes: one home, used by the growth verdict and by measurements in tests.

pub mod mann_kendall;
pub mod theil_sen;
