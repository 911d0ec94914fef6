"""What the search knows of English: words that carry no topic, and inflections that no suffix rule finds."""

import re
from importlib import resources

STOP_WORDS = frozenset(
    """
    a about above after again against albeit all also although am amid amidst amongst an and any anyhow anyway are
    aren't as at be because been before being below beneath beside besides between both but by can can't cannot
    could couldn't despite did didn't do does doesn't doing don't down during each either else etc ever every few
    for from further furthermore had hadn't has hasn't have haven't having he he'd he'll he's hence her here here's
    hers herself him himself his how how's however i i'd i'll i'm i've if in insofar into is isn't it it's its
    itself just lest let's like may maybe me meanwhile might mine more moreover most much must mustn't my myself
    neither nevertheless no nonetheless nor not notwithstanding now of off on once one only onto or other ought our
    ours ourselves out over own per perhaps rather regardless same shall she she'd she'll she's should shouldn't so
    some somehow somewhat still such than that that's the their theirs them themselves then there there's thereafter
    thereby therefore these they they'd they'll they're they've this those though through throughout thus to too
    under unless until up upon us very via vs was wasn't we we'd we'll we're we've were weren't what what's whatever
    whatsoever when when's whenever where where's whereas whereby wherein wherever whether which whichever while who
    who's whoever whom whose why why's will with within without won't would wouldn't yet you you'd you'll you're
    you've your yours yourself yourselves
    """.replace("'", "").split()
)
"""Function words, with apostrophes left out as :func:`bot.library.words.fold` leaves them out."""

QUESTION_WORDS = frozenset(
    """
    according accordingly ask asked asking asks author authors bit book comment comments context describe described
    describes detail details discuss discussed discussion elaborate essay exactly explain explained explains
    explanation find got happen happened happening happens info kind know look mean meaning means mention mentioned
    mentions near opinion opinions overview paragraph passage passages perspective please quotation quotations quote
    quotes reading really regard regarding said say saying says section sentence show something sort standpoint
    summarise summarize summary talk talks tell tells text thing things think thinking thinks thought thoughts topic
    view viewpoint views want way ways when words write writes wrote
    """.split()
)
"""Words by which people ask for a passage rather than say what it is about; they count for little."""

QUERY_WORDS = frozenset(
    "near select from where union join like match insert into values delete drop table update set null rowid order "
    "column title body content field script alert".split()
)
"""Words of query languages and markup, which some paste; they count for little where the reading does not have them."""

ATTRIBUTES = {
    ("how", "old"): "age",
    ("how", "large"): "size",
    ("how", "big"): "size",
    ("how", "tall"): "physique",
    ("look", "like"): "physique",
    ("looked", "like"): "physique",
    ("became", "of"): "fate",
    ("become", "of"): "fate",
    ("what", "year"): "date",
    ("which", "year"): "date",
}
"""Two words that say little one by one, and what they ask for together."""

GUIDANCE, INSTRUCTIONS, FORECAST = "guidance", "howto", "outlook"
ADVICE = {
    ("how", "do", "i"): INSTRUCTIONS,
    ("how", "can", "i"): INSTRUCTIONS,
    ("where", "can", "i"): INSTRUCTIONS,
    ("should", "i"): GUIDANCE,
    ("should", "we"): GUIDANCE,
    ("when", "will"): FORECAST,
    ("will",): FORECAST,
}
"""Words with which a question begins that asks what to do or what is to come, and what it asks for."""

DEMISE = "demise"
"""What is asked for by "how did she die" and "what did she die of"; that she died does not answer it."""

LIFE_OF_THE_AUTHOR = "curriculum"
LIFE = frozenset(
    "age alive books born dead die died job jobs live lived lives living married other teach wife written".split()
)
"""Words that ask for the author's own life where they follow the name; a reading hardly tells of it."""

DEMANDED = frozenset({"age", "physique", "size", DEMISE, GUIDANCE, INSTRUCTIONS, FORECAST, LIFE_OF_THE_AUTHOR})
"""Those of all these without which nothing answers."""

KNOWN_NAMES = frozenset("franco mao tito lennon".split())
"""Names that are a slip away from others and none."""

DATED = ("when", "year", "date")
"""What a sentence that has a year can be asked by."""

PRAISE = frozenset("best good great important interesting long nice perfect quick short suitable".split())
"""Words that lead up to a question only before one of the words below: "a good quote about"."""

FRAMING_WORDS = frozenset(
    """
    according accordingly actually address addresses anybody anyone anything anywhere article author basically bit
    bits book bot brief briefly chapter chapters cheers citation cite clarification clarify club concerning
    context cover covered covers curious deal dealing deals dear describe describes detail detailed details discuss
    discussed discusses discussion document elaborate elsewhere entire entirely especially essay essentially
    everybody everyone everything everywhere exactly excerpt excerpts explain explained explains explanation extract
    find finding folks generally gimme give greetings hear heard hello help hey hi honestly info information
    interested interesting just key kind kindly know knows kruzhok like line lines look looked looking looks main
    major mention mentioned mentioning mentions more need ok okay opinion opinions overview page pages paragraph
    paragraphs part particular particularly parts perspective pertaining piece please pls plz point points portion
    precisely presentation pretty pull query question questions quickly quite quotation quotations quote quotes read
    reading reads really recall refer reference refers regarding related relating relevant remember remembered
    remind request said saw say saying says search searched searching section sections see seen seminar send
    sentence sentences session share show snippet somebody someone something somewhere sort source speak speaks
    specific specifically spot stance standpoint stuff subject summarise summarize summary talk talked talking talks
    tell tells text thank thanks theme themes thing things think thinks thought thoughts thx today told tomorrow
    tonight topic topics touch touches try trying type view viewpoint views wanna want wanted way ways week well
    whole wonder wondered wondering would
    """.split()
)
"""Words with which people lead up to what they ask, or end: there, and there only, they say nothing of the topic."""

OURS = frozenset({("our", "class"), ("my", "class"), ("next", "class")})
"""Words that lead up to a question, or end it, side by side only: "for our class", but not "the working class"."""

LIGHT_WORDS = frozenset(
    """
    able absolutely actual actually add almost alone already alright altogether always anybody anyone anything
    apparently appear appeared appears approximately around away back bad basically become best better big bloke
    bother bothered briefly bring bringing brings brought came carried carry case catch caught certain certainly
    chance chances clearly come common completely consider considered currently day days dear decide decided deeply
    definitely different directly done dude dunno eager early easily easy end enough entire entirely especially
    essentially even eventually everybody everyone everything everywhere evidently exact exactly expect expected
    extremely face faced faces fact fairly far feel fellow felt figure figured finally first firstly fond former full
    fully gave generally get give given go goes going gone gonna good gotta great greatly guess guy guys half hand
    hard hardly held help high highly hold holds honestly hopefully idea ideas immediately important incidentally
    include included includes including indeed initially instead involved keen keep kept kinda large largely last
    lastly late lately later least less let likely literally little live long longer look lot made main mainly make
    makes making manage managed many matter mattered men merely middle moment mostly name namely nearly need never new
    next nice nobody normally notably nothing nowadays nowhere number obviously occasionally occur occurred often ok
    okay old open order ordinarily ordinary originally others otherwise part particular particularly partly people per
    person personally place plan play point possible ppl precisely presumably previously primarily probably problem
    properly provide provided put quickly quite rarely readily reason reasons recently reckon reckoned reckons
    recommend recommended remain remained remains require required respectively role roughly run secondly seem
    seemingly seems seen seldom separately seriously set several shape shaped short show side significantly simply
    simultaneously since slightly small somebody someone sometimes somewhere soon sorta specific specifically stand
    stands start stay stood stop stopped stopping stops strictly strongly subsequently suddenly suppose supposedly
    sure surely take taken thoroughly threw throw thrown time times together told took totally toward towards tried
    true truly try trying turn turned two typical typically ultimately undoubtedly unfortunately use used using usual
    usually utterly various virtually wait waited wanna want went whole widely wish wished wonder work world worth
    year years yes young
    """.split()
)
"""Everyday words that say little of the topic: they weigh less than their rarity in a text would have it."""

CONJUNCTIONS = frozenset("and or vs".split())
"""Words by which topics are listed, "a poet or a saint"; beside them only the articles may stand there."""
ARTICLES = frozenset("a an the".split())

OPERATORS = frozenset({"and", "or", "not"})
"""Written in capitals these are a search engine's, not initials."""

_IRREGULAR = """
    am are is was were been being:be arose arisen:arise ate eaten:eat awoke awoken:awake beat beaten:beat
    became:become began begun:begin bent:bend bit bitten:bite bled:bleed blew blown:blow bore borne:bear
    bound:bind broke broken:break brought:bring built:build burnt:burn bought:buy came:come caught:catch chose
    chosen:choose clung:cling crept:creep dealt:deal drew drawn:draw dreamt:dream drank drunk:drink drove driven:drive
    dug:dig dying dies died:die fed:feed fell fallen:fall felt:feel fled:flee flew flown:fly forbade forbidden:forbid
    foresaw foreseen:foresee forgot forgotten:forget forgave forgiven:forgive fought:fight found:find froze
    frozen:freeze gave given:give went gone:go got gotten:get grew grown:grow held:hold hid hidden:hide hung:hang
    heard:hear kept:keep knew known:know laid:lay led:lead leant:lean leapt:leap learnt:learn left:leave lent:lend
    lying lies lied:lie lit:light lost:lose made:make meant:mean met:meet misled:mislead mistook mistaken:mistake
    overcame:overcome overthrew overthrown:overthrow paid:pay proven:prove rang rung:ring ran:run rode ridden:ride
    rose risen:rise sang sung:sing sank sunk:sink sat:sit saw seen:see sent:send shook shaken:shake shone:shine shot
    shots shooting shootings shooter:shoot showed shown:show shrank shrunk:shrink slain slew:slay slept:sleep
    sold:sell sought:seek spent:spend spoke spoken:speak sprang sprung:spring stood:stand stole stolen:steal struck
    stricken:strike strove striven:strive stuck:stick stung:sting swore sworn:swear swept:sweep swam swum:swim
    taught:teach tore torn:tear told:tell took taken:take thought:think threw thrown:throw understood:understand undid
    undone:undo upheld:uphold withdrew withdrawn:withdraw withheld:withhold woke woken:wake won:win wore worn:wear
    wound:wind wrote written writer writers writing writings:write children:child feet:foot geese:goose lives:life
    men:man mice:mouse oxen:ox people peoples:people selves:self teeth:tooth wives:wife women:woman halves:half
    knives:knife leaves:leave thieves:thief wolves:wolf crises:crisis theses:thesis analyses:analysis invasion
    invasions:invade decision decisions:decide division divisions:divide exclusion:exclude persuasion:persuade
    conclusion conclusions:conclude expansion:expand destruction:destroy belief beliefs:believe proof:prove choice
    choices:choose growth:grow flight:flee speech speeches:speak loss losses:lose
    hypotheses:hypothesis bases:base phenomena:phenomenon criteria:criterion defence:defense defences:defense
    offence:offense centre centres:center theatre theatres:theater programme programmes:program
    practise practised practising practises:practice licence licences:license pretence pretences:pretense grey:gray
    sceptic sceptics sceptical skeptical:skeptic judgement judgements:judgment ageing:age gaol gaols gaoled:jail
    manoeuvre manoeuvres manoeuvring:maneuver plough ploughs:plow trumped:fabricate
"""


def _irregular() -> dict[str, str]:
    forms: dict[str, str] = {}
    waiting: list[str] = []
    for piece in _IRREGULAR.split():
        form, colon, base = piece.partition(":")
        waiting.append(form)
        if colon:
            forms.update(dict.fromkeys(waiting, base))
            waiting = []
    return forms


IRREGULAR = _irregular()
"""Irregular forms and British spellings, each with its base."""

# "nationalise", "analysed", "labourer"; but not "promise", "precise" or "hour", in which these letters are no ending.
_BRITISH = re.compile(
    r"(?:(?<=[a-z]{2}(?:al|an|ar|as|at|el|en|er|et|gn|ic|id|il|im|in|on|or|og|ph|rd|rn|th|ul))|(?<=[a-z](?:nom|tom)))"
    r"is(?=(?:e|ed|es|er|ers|ing|able|ation|ations)$)"
    r"|(?<=[a-z]{3}l)ys(?=(?:e|ed|es|ing)$)"
    r"|(?<=[a-z]{3})our(?=(?:s|ed|er|ers|ing|able|ably|ite|ites|itism|hood|hoods|less)?$)"
)
_AMERICAN = {"is": "iz", "ys": "yz", "our": "or"}


def american(word: str) -> str:
    """Return a folded English word with the endings of American spelling."""
    return _BRITISH.sub(lambda match: _AMERICAN[match[0]], word)


def ordinary_words() -> list[str]:
    """Return common English words, folded; from SCOWL's small lists (see the file's head for their licence)."""
    listed = resources.files("bot.library").joinpath("ordinary_words.txt").read_text("utf-8")
    return [line for line in listed.splitlines() if line and not line.startswith("#")]


DEPENDENT = frozenset(
    """
    he she it they him her them his its their this these those that such he's also yet but and or nor so then thus
    therefore hence however instead similarly likewise meanwhile moreover furthermore besides otherwise still despite
    apparently other another both neither one here there
    """.replace("'", "").split()
)
"""Words with which a sentence begins that leans on the one before it."""
