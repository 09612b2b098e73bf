"""Small files of every reader, and ways to damage them: bytes, rows, columns, cells, types."""

import io
import json
import re
from pathlib import Path

import polars as pl
from test_nothing_is_silently_zero import ACCOUNTS, TABLE, detail, node
from test_rounds_in_contracts import published
from test_venue_markets import META
from venue_files import T0

import adlopt as adl
from adlopt.data.files import read, write_market, write_template
from adlopt.data.loaders import (
    info_market,
    load,
    load_table,
    node_market,
    published_round,
    read_by_coin,
    read_by_user,
    read_detail,
    read_snapshot,
)

LOOSE = {"tolerance": 0.9}
CELLS = [
    *("", " ", "NaN", "nan", "inf", "-inf", "1e400", "1e300", "-1e300", "1e-320", "-0", "0", "-7"),
    *("1,000", "1.250,5", "0x10", "1_000", "true", "null", "None", "#N/A", "=1+1", "$5", "(5)"),
    *(
        "9007199254740993",
        "9223372036854775808",
        "-99999999999999999999",
        "1" * 400,
        "\u0661\u0662",
    ),
    *("\u2212" + "5", "5\u00a0", "a,b", 'a"b', "a\nb", "\x00", "\ufeff1", "1760130964.831"),
    *(
        "1760130964831000",
        "45940.9",
        "2025-10-10T21:16:04Z",
        "10/10/2025",
        "7.0",
        "0XA",
        "x" * 9999,
    ),
]
VALUES = [
    *(None, True, False, "", " ", "x", "NaN", "Infinity", "1e999", [], {}, [1], {"y": 1}, 0, -1),
    *(
        1e308,
        -1e308,
        1e-320,
        2**53 + 1,
        2**63,
        -(2**64),
        10**40,
        1.5,
        "7.0",
        "\ud800",
        "\x00",
        [[]],
    ),
    *(T0 // 1000, T0 * 1000, "-5", "1,5", "0xA ", [None], {"": None}, "\u0661", 1e17, -0.0),
]
PL_ERROR = (pl.exceptions.PolarsError, pl.exceptions.PanicException)
KINDS = [pl.String, pl.Float32, pl.Int8, pl.UInt64, pl.Boolean, pl.Binary, pl.Date, pl.Categorical,
         pl.Datetime("us"), pl.Datetime("ns", "Asia/Tokyo"), pl.Duration, pl.Decimal(38, 9),
         pl.List(pl.Float64), pl.Int128, pl.Null]  # fmt: skip
"""Types that a column of a table may come in."""


def table_of_fills(folder):
    """Fills in Parquet or JSON lines by a mapping, with a snapshot of equities."""
    times = [T0, T0 + 1, T0 + 9_000, T0 + 9_001]
    fills = {"u": ["0xa", "0xb", "0xa", "0xc"], "c": ["BTC", "BTC", "ETH", "BTC"], "t": times,
             "p": [90.0, 90.5, 40.0, 91.0], "s": [2.0, 1, 3, 1], "m": [95.0, 95, 42, 95],
             "l": ["0xz", "0xz", "0xy", "0xz"], "g": [20.0, 9.5, 6.0, 9.0]}  # fmt: skip
    text = 'kind = "fills"\n[columns]\naccount = "u"\ncoin = "c"\ntime = "t"\nprice = "p"\n'
    text += 'size = "s"\nmark = "m"\nloser = "l"\nposition_pnl = "g"\n'
    text += '[snapshot]\nfile = "w.csv"\naccount = "who"\nequity = "worth"\n'
    (folder / "m.toml").write_text(text)
    (folder / "w.csv").write_text("who,worth\n0xa,70\n0xb,9\n0xc,5\n0xz,-50\n0xy,-5\n")
    return pl.DataFrame(fills)


def parquet_fills(folder):
    table_of_fills(folder).write_parquet(folder / "f.parquet")
    return lambda at: load_table(at / "f.parquet", at / "m.toml", **LOOSE)


def json_fills(folder):
    table_of_fills(folder).write_ndjson(folder / "f.jsonl")
    return lambda at: load_table(at / "f.jsonl", at / "m.toml", **LOOSE)


def accounts(folder):
    (folder / "t.csv").write_text(TABLE)
    (folder / "m.toml").write_text(ACCOUNTS)
    return lambda at: load_table(at / "t.csv", at / "m.toml", **LOOSE)


def json_accounts(folder):
    rows = list(pl.read_csv(io.StringIO(TABLE)).iter_rows(named=True))
    (folder / "t.json").write_text(json.dumps(rows))
    (folder / "m.toml").write_text(ACCOUNTS)
    return lambda at: load_table(at / "t.json", at / "m.toml", **LOOSE)


def replay(folder):
    detail(folder)
    return lambda at: load("hyperreplay", [at / "d.csv", at / "f.json"], **LOOSE)


def fills_alone(folder):
    detail(folder)
    (folder / "d.csv").unlink()
    return lambda at: load("fills", [at / "f.json"], **LOOSE)


def detail_alone(folder):
    detail(folder)
    (folder / "f.json").unlink()

    def at_once(at):
        with read_detail(at / "d.csv", **LOOSE) as fills:
            return fills.scan().collect()

    return at_once


def node_rounds(folder):
    node(folder)
    return lambda at: load("node", [at], **LOOSE)


def node_state(folder):
    node(folder)
    return lambda at: node_market(at, **LOOSE)


def snapshot(folder):
    node(folder)
    for path in folder.glob("20_*"):
        path.unlink()
    return lambda at: read_snapshot(at, **LOOSE)


def figures_of_rounds(folder):
    published(folder)
    return lambda at: load("published", [at], **LOOSE)


def positions(folder):
    published(folder)
    return lambda at: published_round(at, 1, {"BTC": 1, "ETH": 0}, **LOOSE)


def responses(folder):
    (folder / "meta.json").write_text(json.dumps(META))
    for name, size, value in (("0xa", "-2.0", "300.0"), ("0xz", "2.0", "-5.0")):
        held = {"coin": "BTC", "szi": size, "entryPx": "100.0", "positionValue": "180.0",
                "unrealizedPnl": str(float(size) * -10), "leverage": {"value": 5}}  # fmt: skip
        state = {"marginSummary": {"accountValue": value}, "time": T0,
                 "assetPositions": [{"type": "oneWay", "position": held}]}  # fmt: skip
        (folder / f"{name}.json").write_text(json.dumps(state))
    return lambda at: info_market(at, **LOOSE)


def by_user(folder):
    head = "user,adl_notional,closed_pnl,leverage_realtime,pnl_percent,num_adl_events"
    (folder / "u.csv").write_text(f"{head}\n0xa,100.5,7,2,3,3\n0xb,50,-1,2,3,1\n")
    return lambda at: read_by_user(at / "u.csv", **LOOSE)


def by_coin(folder):
    (folder / "c.csv").write_text(
        "coin,adl_notional,closed_pnl,num_users,num_events\nBTC,9,1,2,3\n"
    )
    return lambda at: read_by_coin(at / "c.csv", **LOOSE)


def templates(kind):
    def write(folder):
        write_template(folder / f"a.{'toml'}", kind)
        return lambda at: read(at / "a.toml")

    return write


def round_with_table(folder):
    (folder / "r.toml").write_text('deficit = 90.0\nneeded = 60.0\naccounts = "a.csv"\n')
    rows = "account,capacity,equity,lev\nann,120,200,3\nbob,80,90,2\ncyd,40,50,9\n"
    (folder / "a.csv").write_text(rows)
    return lambda at: read(at / "r.toml")


def episode_in_json(folder):
    adl.write_episode(adl.episodes.shock(rounds=2, winners=3, seed=1), folder / "e.json")
    return lambda at: adl.read_episode(at / "e.json")


def market_in_json(folder):
    write_market(adl.read_market(write_template(folder / "market.toml")), folder / "m.json")
    (folder / "market.toml").unlink()
    return lambda at: adl.read_market(at / "m.json")


SOURCES = {
    each.__name__: each
    for each in (
        accounts, json_accounts, parquet_fills, json_fills, replay, fills_alone, detail_alone,
        node_rounds, node_state, snapshot, figures_of_rounds, positions, responses, by_user,
        by_coin, round_with_table, episode_in_json, market_in_json,
    )
}  # fmt: skip
SOURCES |= {
    f"template of {kind}": templates(kind)
    for kind in ("round", "contracts", "decision", "episode", "market")
}


def instance(name, folder):
    """What a source's files hold, by path, and what reads a folder of them."""
    folder.mkdir()
    reads = SOURCES[name](folder)
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}, reads


def bytes_of(data, dice):  # noqa: PLR0911 - one return a damage
    """Flip, cut out, repeat, insert or cut off bytes; or another encoding, or line ends."""
    at, more = dice.randrange(len(data) + 1), dice.randrange(1, 40)
    text = data.decode("utf-8", errors="replace")
    match dice.randrange(12):
        case 0 | 1:
            flipped = bytearray(data or b"x")
            for _ in range(dice.randrange(1, 4)):
                flipped[dice.randrange(len(flipped))] ^= 1 << dice.randrange(8)
            return bytes(flipped)
        case 2:
            return data[:at] + data[at + more :]
        case 3:
            return data[:at] + data[at : at + more] * 2 + data[at + more :]
        case 4:
            return data[:at] + dice.randbytes(more) + data[at:]
        case 5:
            return data[:at]
        case 6:
            return text.encode(dice.choice(["utf-16", "utf-16-le", "utf-32", "utf-8-sig", "utf-7"]))
        case 7:
            return text.replace("a", "\u00e4").encode("latin-1", errors="replace")
        case 8:
            return data.replace(
                b"\n", dice.choice([b"\r", b"\r\n", b"\n\n", b"", b"\x0b", b"\n\r"])
            )
        case 9:
            return data + data
        case 10:
            return dice.choice([b"", b"\n", b"\x00" * 9, b"[]", b"{}", b"null", b"0", b"[" * 9999])
        case _:
            return data.rstrip(b"\n")


def lines_of(data, dice):
    """Cut, repeat, swap or empty lines."""
    lines = data.split(b"\n")
    i, j = dice.randrange(len(lines)), dice.randrange(len(lines))
    match dice.randrange(5):
        case 0:
            del lines[i]
        case 1:
            lines.insert(j, lines[i])
        case 2:
            lines[i], lines[j] = lines[j], lines[i]
        case 3:
            lines[i] = dice.choice([b"", b",,,,", b"#", b'"', b"   "])
        case _:
            lines[i] += dice.choice([b",", b" ", b"\r", b",1", b"}", b'"', b"#x"])
    return b"\n".join(lines)


def csv_of(data, dice):
    """Damage a column or cells of a table."""
    rows = [line.split(",") for line in data.decode().splitlines()]
    column = dice.randrange(len(rows[0]))
    other = dice.randrange(len(rows[0]))
    match dice.randrange(8):
        case 0:
            rows = [row[:column] + row[column + 1 :] for row in rows]
        case 1:
            rows[0][column] = dice.choice(
                ["", "x", rows[0][other], rows[0][column].upper(), " wave"]
            )
        case 2:
            order = dice.sample(range(len(rows[0])), len(rows[0]))
            rows = [[row[k] for k in order] for row in rows]
        case 3:
            factor = dice.choice([1000, 0.001, -1, 1e-6, 1e12])
            for row in rows[1:]:
                row[column] = _times(row[column], factor)
        case 4:
            rows[1:] = [[*row[:column], dice.choice(CELLS), *row[column + 1 :]] for row in rows[1:]]
        case 5:
            for row in rows:
                row[column], row[other] = row[other], row[column]
        case _:
            for _ in range(dice.randrange(1, 3)):
                dice.choice(rows)[column] = dice.choice(CELLS)
    return "\n".join(",".join(row) for row in rows).encode("utf-8", "surrogatepass") + b"\n"


def _times(cell, factor):
    try:
        return repr(float(cell) * factor)
    except ValueError:
        return cell


def places(value, at=()):
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    for key, each in inside:
        yield (*at, key)
        if isinstance(each, dict | list):
            yield from places(each, (*at, key))


def json_of(data, dice):
    """Remove, rename, repeat or replace a value of one line, or of all."""
    lines = data.split(b"\n")
    index = dice.randrange(len(lines)) if data.count(b"\n{") else None
    whole = json.loads(data if index is None else lines[index] or b"{}")
    found = list(places(whole)) if isinstance(whole, dict | list) else []
    if not found:
        return data
    *way, key = dice.choice(found)
    holder = whole
    for step in way:
        holder = holder[step]
    match dice.randrange(6):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, dict):
            holder[dice.choice([key.upper(), "", key + " ", "user", "time"])] = holder.pop(key)
        case 1 | 2 if isinstance(holder, list):
            holder.insert(key, holder[key])
        case 3 if isinstance(holder[key], int | float | str):
            value = _times(str(holder[key]), dice.choice([1000, 0.001, -1, 1e12]))
            holder[key] = value if isinstance(holder[key], str) else json.loads(value)
        case _:
            holder[key] = dice.choice(VALUES)
    text = json.dumps(whole, ensure_ascii=dice.random() < 0.5).encode("utf-8", "surrogatepass")
    if index is None:
        return text
    lines[index] = text
    return b"\n".join(lines)


def toml_of(data, dice):
    """Replace a number or a text of a file, or its key."""
    text = data.decode()
    found = list(
        re.finditer(r'(?m)(?<== )(?:"[^"\n]*"|-?[\d.]+)|^\w+(?= =)|(?<=\[)\w+(?=\])', text)
    )
    if not found:
        return data
    hit = dice.choice(found)
    new = ['""', '"x"', "0", "-1", "1e400", "nan", "inf", "-inf", "true", "[]", "{}", "1e-320",
           "9" * 40, '"../m.toml"', '"/dev/null"', "[1]", "1e300", "capacity"]  # fmt: skip
    return (text[: hit.start()] + dice.choice(new) + text[hit.end() :]).encode()


def parquet_of(data, dice):
    """Give a column another type, name or unit; or take rows, or all of them."""
    table = pl.read_parquet(io.BytesIO(data))
    name = dice.choice(table.columns)
    match dice.randrange(6):
        case 0:
            table = table.drop(name)
        case 1:
            table = table.rename({name: dice.choice(["x", name.upper(), name + " "])})
        case 2:
            table = table.head(dice.randrange(len(table) + 1))
        case 3:
            table = pl.concat([table, table.sample(1, seed=dice.randrange(99))])
        case 4 if table[name].dtype.is_numeric():
            table = table.with_columns(pl.col(name) * dice.choice([1000, 0.001, -1, float("nan")]))
        case _:
            kind = dice.choice(KINDS)
            try:
                table = table.with_columns(pl.col(name).cast(kind, strict=False))
            except pl.exceptions.PolarsError:
                table = table.with_columns(pl.lit(None, kind).alias(name))
    made = io.BytesIO()
    table.write_parquet(made)
    return made.getvalue()


OF = {".csv": csv_of, ".json": json_of, ".jsonl": json_of, ".toml": toml_of, ".parquet": parquet_of}


def damaged(files, dice):
    """The files, one or two of them damaged once or twice; and how, in words."""
    made, how = dict(files), []
    for _ in range(dice.choice([1, 1, 1, 2, 3])):
        name = dice.choice(sorted(made))
        own = OF[Path(name).suffix]
        way = dice.choice(
            [own, own, bytes_of] if own is parquet_of else [own, own, bytes_of, lines_of]
        )
        try:
            made[name] = way(made[name], dice)
        except (ValueError, LookupError, TypeError, ArithmeticError, RecursionError, *PL_ERROR):
            made[name] = bytes_of(made[name], dice)  # an earlier damage left nothing to damage so
        how.append(f"{way.__name__} {name}")
    if dice.random() < 0.01:
        how.append(f"without {made.popitem()[0]}")
    return made, how
