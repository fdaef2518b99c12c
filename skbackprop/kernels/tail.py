"""The lower tail of the standard normal distribution, Phi(-t) for t >= 0, in additions, products and an exponential.

Phi(-t) = exp(-t^2 / 2) M(t). From t = 0 to where the tail is below the smallest number, (t + 4) M(t) is a smooth
function of 1 / (t + 4), computed by its Chebyshev interpolant, written as a polynomial. So the tail is accurate to the
rounding of t^2.

After W. J. Cody (1969), "Rational Chebyshev approximations for the error function", and Shepherd and Laframboise
(1981), "Chebyshev approximation of (1 + 2x) exp(x^2) erfc x", but in one piece for all t.
"""

RATIO_64 = (
    1.1185572172204652e-09,
    -1.2029583255449932e-10,
    -1.2919917935505516e-08,
    -7.2631034223983595e-09,
    8.503654195616644e-08,
    1.26656777865719e-07,
    -4.441954388312297e-07,
    -1.2689239914228286e-06,
    2.2072154706620492e-06,
    1.0798987273119567e-05,
    -1.36675851962309e-05,
    -9.066508378244484e-05,
    0.00014808139135406387,
    0.0007523105808575774,
    -0.0025244246128952592,
    -0.0033323154408885004,
    0.04326924402112343,
    -0.15706331840008675,
    0.3645080539467721,
    -0.620994286850129,
    0.8138922507262537,
)  # coefficients in powers of 1.2 - 8.8 / (t + 4), which is -1 at t = 0 and 1 at t = 40
