"""The most that an account can give below a limit: a bounded knapsack over its few positions.

The last two positions are solved by Euclid's algorithm; the counts before them are searched depth
first, largest lots first, until a bound is met or so many nodes are spent; the bound is kept either
way. Plain integers throughout: `adlopt.foundation.kernels` compiles these very functions; the
lesser of two is chosen by `if`, as calls of `min` take half of the time of plain loops.
"""

from __future__ import annotations

from collections.abc import Sequence


def least_remainder(value: int, step: int, modulus: int, most: int) -> int:
    """First t in [0, most] at which (value + t · step) mod modulus is least, in O(log modulus).

    Euclid's algorithm on (step, modulus) visits, in ascending t, every advance that lowers a
    remainder by less than all before it: the convergents from one side and those in between.
    """
    rest, up = value % modulus, step % modulus
    if up == 0:
        return 0
    t, up_time, down, down_time = 0, 1, modulus - up, 1
    while rest > 0:
        if down > rest:
            times, most_times = (down - rest + up - 1) // up, (down - 1) // up
            times = times if times < most_times else most_times
            down -= times * up
            down_time += times * up_time
            if down_time > most - t:
                break
            if down > rest:
                times = (up - 1) // down
                up -= times * down
                up_time += times * down_time
                if up == down:
                    break
                continue
        times, most_times = rest // down, (most - t) // down_time
        times = times if times < most_times else most_times
        if times == 0:
            break
        rest -= times * down
        t += times * down_time
    return t


def two_lots(room: int, large: int, most_large: int, small: int, most_small: int) -> int:
    """How many of the larger lots to take so that they and then the smaller fill the room best."""
    high = room // large
    high = high if high < most_large else most_large
    beyond = room - (most_small + 1) * small
    low = beyond // large + 1 if beyond >= 0 else 0
    if low > high:
        return high
    taken = high - least_remainder(room - high * large, large, small, high - low)
    if low == 0:
        return taken
    full = (low - 1) * large + most_small * small
    return taken if room - (room - taken * large) % small >= full else low - 1


def fill(  # noqa: PLR0912, PLR0913, PLR0915, PLR0917 - one loop over columns, so that it compiles
    start: Sequence[int],
    lot: Sequence[int],
    most: Sequence[int],
    step: Sequence[int],
    worth: Sequence[int],
    limit: Sequence[int],
    todo: Sequence[int],
    nodes: int,
    take: list[int],
    counts: list[int],
    amount: list[int],
    bound: list[int],
) -> int:
    """Fill accounts `todo` up to limits; write lots, what they make and what none can exceed.

    Position rows (m,) run from start[i] to start[i + 1], largest lot first; `step` and `worth` are
    the greatest common divisor and the total of a row and those after it in its account. The search
    tries so many nodes in each account, and `take` is scratch for the most positions of one.
    Written are `counts` (m,), `amount` and `bound` (n,), equal where the search ended; returned,
    the nodes.
    """
    spent_in_all = 0
    for i in todo:
        first, last, whole = start[i], start[i + 1], limit[i]
        if whole >= worth[first]:
            for j in range(first, last):
                counts[j] = most[j]
            amount[i] = bound[i] = worth[first]
            continue
        if last == first + 1:
            counts[first] = min(most[first], whole // lot[first])
            amount[i] = bound[i] = counts[first] * lot[first]
            continue
        top, found, spent = whole // step[first] * step[first], -1, 0
        pair, j, room = last - 2, first, whole
        larger, most_larger = lot[pair], most[pair]
        smaller, most_smaller = lot[pair + 1], most[pair + 1]
        while True:
            while j < pair:
                held = room // lot[j]
                held = held if held < most[j] else most[j]
                take[j - first] = held
                room -= held * lot[j]
                j += 1
            large = two_lots(room, larger, most_larger, smaller, most_smaller)
            after = room - large * larger
            small = after // smaller
            small = small if small < most_smaller else most_smaller
            total = whole - after + small * smaller
            spent += 1
            if total > found:
                found = total
                for q in range(first, pair):
                    counts[q] = take[q - first]
                counts[pair], counts[pair + 1] = large, small
            if found >= top or pair == first:
                top = found
                break
            j = pair - 1
            while j >= first and spent < nodes:
                held = take[j - first]
                given_back = whole - room - lot[j]
                if held == 0 or given_back + worth[j + 1] <= found:
                    room += held * lot[j]
                    take[j - first] = 0
                    j -= 1
                    continue
                take[j - first] = held - 1
                room += lot[j]
                if given_back + room // step[j + 1] * step[j + 1] > found:
                    break
                spent += 1
            if j < first:
                top = found
                break
            if spent >= nodes:
                break
            j += 1
        amount[i], bound[i] = found, top
        spent_in_all += spent
    return spent_in_all
