"""Mapping templates."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.engine.gateways.mapping.templates import Input, TemplateError, render

BODY = {
    "name": "Ada",
    "n": 1,
    "x": 1.5,
    "yes": True,
    "none": None,
    "items": [{"id": 1}, {"id": 2}],
    "map": {"a": 1, "b": "two"},
    "a-b": {"c": "hyphens"},
}
PARAMETERS = {
    "path": {"id": "7", "both": "path"},
    "querystring": {"q": "x y", "both": "query"},
    "header": {"X-Own": "own", "Content-Type": "a/b"},
}


def rendered(template: str, body: Any = None, context: dict[str, Any] | None = None) -> str:
    text = json.dumps(BODY if body is None else body) if not isinstance(body, str) else body
    return render(
        template,
        given=Input(text, PARAMETERS),
        context=context or {"requestId": "r1", "identity": {"sourceIp": "::1"}},
        stage_variables={"colour": "blue"},
    )


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("$input.body", json.dumps(BODY)),
        ("$input.json('$.map')", '{"a":1,"b":"two"}'),
        ('$input.json("$.name")', '"Ada"'),
        ("$input.json('$.missing')", '""'),
        ("$input.path('$.name')", "Ada"),
        ("$input.path('$.map')", "{a=1, b=two}"),
        ("$input.path('$.items')", '[{"id":1},{"id":2}]'),
        ("$input.path('$.items[1].id')", "2"),
        ("$input.path('$.items').size()", "2"),
        ("$input.path('$.yes') $input.path('$.n') $input.path('$.x')", "true 1 1.5"),
        ("[$input.path('$.missing')]", "[]"),
        ("[$input.path('$').items[5].id]", "[]"),
        ("$input.params('id') $input.params('q') $input.params('x-own')", "7 x y own"),
        ("$input.params('both')", "path"),
        ("[$input.params('missing')]", "[]"),
        ("$input.params().header.get('X-Own')", "own"),
        ("$input.params().header.X-Own", "own"),
        ("$input.params().querystring.q", "x y"),
        ("$context.requestId $context.identity.sourceIp", "r1 ::1"),
        ("$stageVariables.colour ${stageVariables.colour}s", "blue blues"),
        ('$util.escapeJavaScript("a\'b")', "a\\'b"),
        ("$util.urlEncode('a b&c')", "a+b%26c"),
        ("$util.urlDecode('a+b%26c')", "a b&c"),
        ("$util.base64Encode('text')", "dGV4dA=="),
        ("$util.base64Decode('dGV4dA==')", "text"),
        ("$util.parseJson('{\"a\": [1, 2]}').a[1]", "2"),
        ("#set($x = $input.path('$.name'))$x", "Ada"),
        ("#set($flag = true)$flag", "true"),
        ("#set($list = [])#set($_ = $list.add('a'))$list.size()$list", '1["a"]'),
        ("#set($map = {})$map.put('a', 1)$map", "{a=1}"),
        ("#if($input.path('$.yes'))yes#{else}no#end", "yes"),
        ("#if($input.params('missing') == '')empty#end", "empty"),
        ("#if($input.path('$.missing'))yes#elseif(1 > 2)two#{else}no#end", "no"),
        ("#foreach($i in $input.path('$.items'))$i.id#if($foreach.hasNext),#end#end", "1,2"),
        ("#foreach($i in $input.path('$.none'))x#end", ""),
        ("#foreach($k in $input.path('$.map').keySet())$k#end", "ab"),
        ("#foreach($e in $input.path('$.map').entrySet())$e.key=$e.value;#end", "a=1;b=two;"),
        ("#foreach($v in $input.path('$.map'))$v;#end", "1;two;"),
        ("#set($root = $input.path('$'))$root.a-b.c", "hyphens"),
        ("#set($root = $input.path('$'))[$root.values]", "[]"),
        ("## a comment\nx", "x"),
        ("#if($input.params('missing'))set#end", "set"),
        ("#if($input.path('$.missing'))set#end", ""),
        ("#if($input.path('$.empty'))set#end", ""),
        ("#set($l = [])#if($l)set#end $l.isEmpty()", "set true"),
        ("#set($l = [])$l.empty #set($s = '')#if($s && !$s.empty)full#end", "true "),
        ("#set($s = 'a')#if($s && !$s.empty)full#end $input.path('$').empty", "full "),
        ('{"$ref": "$5"}', '{"$ref": "$5"}'),
        (
            "#set($s = 'Abc')$s.length() $s.substring(1) $s.toUpperCase() $s.replaceAll('b', '-')",
            "3 bc ABC A-c",
        ),
        ("#set($s = 'a,b')$s.split(',')[1] $s.contains('b') $s.indexOf(',')", "b true 1"),
    ],
)
def test_rendering(template: str, text: str) -> None:
    assert rendered(template) == text


def test_a_body_that_is_no_json() -> None:
    assert rendered("$input.body", "text") == "text"
    assert rendered('{"body": $input.body}', "") == '{"body": {}}'
    assert rendered("$input.path('$')", "text") == "text"
    assert rendered("$input.json('$')", "") == "{}"


def test_overrides_come_out() -> None:
    context: dict[str, Any] = {
        "requestOverride": {"header": {}, "querystring": {}, "path": {}},
        "responseOverride": {"header": {}},
    }
    rendered(
        "#set($context.requestOverride.header.X-One = 'a')"
        "#set($context.requestOverride.path.id = '7')"
        "#set($context.responseOverride.status = 404)",
        context=context,
    )
    assert context["requestOverride"] == {
        "header": {"X-One": "a"},
        "querystring": {},
        "path": {"id": "7"},
    }
    assert context["responseOverride"] == {"header": {}, "status": 404}


@pytest.mark.parametrize(
    "template",
    [
        "#evaluate('$input.body')",
        "#include('/etc/passwd')",
        "#parse('/etc/passwd')",
        "#if(true)",
        "#set($x = )",
        "$util.parseJson('{')",
        "$input.path('nope')",
    ],
)
def test_wrong_templates(template: str) -> None:
    with pytest.raises(TemplateError):
        rendered(template)


@given(st.text(max_size=30))
def test_escaped_text_stands_in_a_string(text: str) -> None:
    escaped = rendered("$util.escapeJavaScript($input.path('$.t'))", {"t": text})
    assert json.loads('"' + escaped.replace("\\'", "'") + '"') == text


@pytest.mark.parametrize(
    "template",
    [
        "$util.__class__",
        "$util.getClass()",
        "$util.base64Encode.__globals__",
        "$input.body.__class__.__mro__",
        "$input.body.format($input)",
        "$input._document",
        "$input.path('$').as_dict()",
        "#set($name = '__class__')$stageVariables[$name]",
        "#set($format = '{0.__init__.__globals__}')$format.format($input)",
        "#set($map = {'a': $input})$map.a.__class__",
        '#set($text = "$input.body")$text.encode()',
        '#set($text = "a" + "b")$text.__class__',
        "#foreach($i in [1..2])$foreach.__class__#end",
    ],
)
def test_only_data_is_reached(template: str) -> None:
    assert rendered(template, "text") == ""


def test_names_of_data_may_begin_with_an_underscore() -> None:
    assert rendered("$input.path('$')._id", {"_id": 7}) == "7"


def test_a_loop_ends_after_a_thousand_items() -> None:
    assert rendered("#foreach($i in [1..5000])x#end") == "x" * 1000
    assert rendered("#set($l = [1])#foreach($i in $l)$l.add($i)#end$l") == "[1,1]"


@pytest.mark.parametrize(
    "template",
    [
        "#foreach($i in [1..1000])#foreach($j in [1..1000])x#end#end",
        "#macro(again)#again()#end#again()",
        "#set($s = 'xxxxxxxxxx')#foreach($i in [1..40])#set($s = $s + $s)#end",
        "#set($s = 'xxxxxxxxxx')#foreach($i in [1..40])#set($s = \"$s$s\")#end",
        "#set($s = 'xxxxxxxxxx')#foreach($i in [1..40])#set($s = $s.concat($s))#end",
        "#set($s = 'xxxxxxxxxx')#foreach($i in [1..40])#set($s = $s.replaceAll('x', $s))#end",
        "#set($s = 'xxxxxxxxxx')#foreach($i in [1..40])#set($s = $s.replace('x', $s))#end",
        "#set($s = 'x' * 1000000000)",
        "#set($s = '%01000000000d' % 1)",
        "#set($n = 10)#foreach($i in [1..40])#set($n = $n * $n)#end",
        "#set($l = [1])#foreach($i in [1..60])$l.addAll($l)#end",
        "#set($l = [1])$l.add($l)$l",
        "#set($m = {})$m.put('m', $m)$m",
        "#set($l = [1])#foreach($i in [1..60])#set($l = [$l, $l])#end$l",
        "#set($m = {})#foreach($i in [1..60])#set($m = {'a': $m, 'b': $m})#end$m",
        "#set($context.responseOverride.header.a = $context)",
        "(" * 5000 + "#if(" + "(" * 5000,
    ],
)
def test_templates_that_would_not_end_or_fit(template: str) -> None:
    with pytest.raises(TemplateError):
        rendered(template, context={"responseOverride": {"header": {}}})


def test_sums_and_texts() -> None:
    assert rendered("#set($n = 7 / 2 + 1)#set($t = 'n=' + $n)$t $t.length()") == "n=4 3"
    assert rendered("#set($t = 'a.b.a')$t.replace('.', '-')") == "a-b-a"
    assert rendered("#set($t = 'a-b')$t.replaceAll('(.)-(.)', '$2+$1\\\\\\\\')") == "b+a\\"
    assert rendered("#set($l = ['a', 'b'])$l.remove(0)$l") == 'a["b"]'
