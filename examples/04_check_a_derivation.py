"""Check a derivation: each step becomes a Fact, and only the trusted kernel can make one."""

from adlopt.proof import ge, le, prove, reals

x, y, u = reals("x y u")

mean = prove(le(2 * x * y, x**2 + y**2), squares=[x - y])
print("means:     ", mean)

clipped = prove(le((0 - u) ** 2, (y - u) ** 2), le(y, 0), ge(u, 0))
print("projection:", clipped)

a, b, z, first, second = reals("a b z first second")
burden = prove(le(a + b, z * (first + second)), le(a, z * first), le(b, z * second))
print("pro-rata:  ", burden)
