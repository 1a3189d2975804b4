"""The matrix as one page that needs nothing else: Chinese first, readable without style."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from gateway.cli.policy_words import CLASSES, MASKS, OUTCOMES, SUBJECTS, USES, Word
from policies.engine import PolicySet
from policies.matrix import MatrixLine, Profile
from policies.model import Decision, Outcome, Use
from schema.classification import FieldClass, SubjectKind
from schema.model import KindModel
from schema.records import MODEL

_STYLE = """\
body { font: 15px/1.5 system-ui, "Noto Sans CJK SC", "Microsoft YaHei", sans-serif; margin: 1rem; }
table { border-collapse: collapse; margin: 0 0 2rem; }
caption { text-align: left; font-weight: bold; font-size: 1.2rem; padding: .5rem 0; }
th, td { border: 1px solid #8a8a8a; padding: .2rem .4rem; text-align: left; vertical-align: top; }
thead th { background: #e9eef5; }
td.CLEAR { background: #e3f4e3; }
td.MASKED { background: #fff3d1; }
td.DENIED { background: #f6f6f6; color: #4a4a4a; }
[lang=en] { display: block; font-size: .85em; }
@media print { body { margin: 0; font-size: 9px; } table { page-break-inside: auto; } }
"""
_SOME = Word("部分记录", "some records")


def matrix_page(
    policies: PolicySet,
    subject_kind: SubjectKind,
    use: Use,
    profiles: Sequence[Profile],
    lines: Sequence[MatrixLine],
) -> str:
    """Return the page: one table per record kind, a line per field, a column per profile."""
    title = Word("数据项权限对照表", "Who may use which field")
    about = Word(
        f"主体类别：{SUBJECTS[subject_kind].zh}。使用方式：{USES[use].zh}。",
        f"Subjects: {SUBJECTS[subject_kind].en}. Use: {USES[use].en}.",
    )
    version = Word(
        f"规则版本 {policies.version}，{policies.today:%Y年%m月%d日}。",
        f"Policy version {policies.version}, {policies.today.isoformat()}.",
    )
    legend = Word(
        "“允许”为明文提供；脱敏的写明方式；“拒绝”为不予提供；“部分记录”为只提供符合条件的记录。",
        "CLEAR: as it is. A mask is named. DENIED: not at all. Some records: not all of them.",
    )
    parts = [
        "<!DOCTYPE html>",
        '<html lang="zh-CN">',
        '<head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title.zh)} {escape(title.en)}</title>",
        f"<style>\n{_STYLE}</style></head>",
        f"<body><main><h1>{_both(title)}</h1>",
        *(f"<p>{_both(text)}</p>" for text in (about, legend, version)),
        *_tables(subject_kind, profiles, lines),
        "</main></body></html>",
    ]
    return "\n".join(parts) + "\n"


def _tables(
    subject_kind: SubjectKind, profiles: Sequence[Profile], lines: Sequence[MatrixLine]
) -> Iterator[str]:
    by_coordinate = {line.coordinate: line.decisions for line in lines}
    for kind in MODEL.kinds.values():
        name = Word(kind.declaration.name_zh, kind.type_name)
        yield f"<table><caption>{_both(name)}</caption>"
        yield "<thead><tr>"
        yield f'<th scope="col">{_both(Word("数据项", "field"))}</th>'
        yield f'<th scope="col">{_both(Word("保护级别", "class"))}</th>'
        for profile in profiles:
            yield f'<th scope="col">{_both(Word(profile.name_zh, profile.name))}</th>'
        yield "</tr></thead><tbody>"
        for coordinate, field_name, field_class in _rows(kind, subject_kind):
            cells = "".join(_cell(each) for each in by_coordinate[coordinate])
            level = _both(CLASSES[field_class])
            yield f'<tr><th scope="row">{_both(field_name)}</th><td>{level}</td>{cells}</tr>'
        yield "</tbody></table>"


def _rows(kind: KindModel, subject: SubjectKind) -> Iterator[tuple[str, Word, FieldClass]]:
    declared = kind.declaration
    is_person = subject is SubjectKind.NATURAL_PERSON
    exists = Word("有无此类记录", "that there are such records")
    yield kind.type_name, exists, declared.person_class if is_person else declared.field_class
    for field in kind.fields:
        name = Word(field.declaration.name_zh, field.name)
        yield field.coordinate, name, field.class_for(subject)


def _cell(decision: Decision) -> str:
    word = OUTCOMES[decision.outcome]
    if decision.outcome is Outcome.MASKED:
        word = MASKS[decision.mask]
    if decision.row is not None:
        word = Word(f"{word.zh}（{_SOME.zh}）", f"{word.en} ({_SOME.en})")
    return f'<td class="{decision.outcome.value}">{_both(word)}</td>'


def _both(word: Word) -> str:
    return f'{escape(word.zh)} <span lang="en">{escape(word.en)}</span>'
