"""What the search knows of English: words that carry no topic, and inflections that no suffix rule finds."""

from functools import cache
from importlib import resources

STOP_WORDS = frozenset(
    """
    a about above after again against all also although am an and any are aren't as at be because been before being
    below between both but by can cannot can't could couldn't did didn't do does doesn't doing don't down during each
    either else ever every few for from further had hadn't has hasn't have haven't having he he'd he'll he's her here
    here's hers herself him himself his how how's however i i'd i'll i'm i've if in into is isn't it it's its itself
    just let's like may me might mine more most much must mustn't my myself neither no nor not now of off on once one
    only or other ought our ours ourselves out over own rather same shall she she'd she'll she's should shouldn't so
    some still such than that that's the their theirs them themselves then there there's these they they'd they'll
    they're they've this those though through thus to too under until up upon us very was wasn't we we'd we'll we're
    we've were weren't what what's when when's where where's whether which while who who's whom whose why why's will
    with within without won't would wouldn't yet you you'd you'll you're you've your yours yourself yourselves
    """.replace("'", "").split()
)
"""Function words, with apostrophes left out as :func:`bot.library.words.fold` leaves them out."""

QUESTION_WORDS = frozenset(
    """
    ask asked asking asks author authors bit book comment comments describe described describes detail details discuss
    discussed discussion essay exactly explain explained explains explanation find got happen happened happening
    happens kind know look mean meaning means mention mentioned mentions near opinion opinions paragraph passage
    passages please quotation quotations quote quotes reading really regard regarding said say saying says
    section sentence show something sort summarise summarize talk talks tell tells text thing things think thinking
    thinks thought thoughts topic view views want way ways words write writes wrote
    """.split()
)
"""Words by which people ask for a passage rather than say what it is about; they count for little."""

QUERY_WORDS = frozenset(
    "near select from where union join like match insert into values delete drop table update set null rowid order "
    "column title body content field script alert".split()
)
"""Words of query languages and markup, which some paste; they count for little where the reading does not have them."""

LIGHT_WORDS = frozenset(
    """
    able actually add altogether always anybody anyone anything around away back bad become best better big bring came
    case certain come common day days different done early easy end enough even everybody everyone everything fact far
    feel felt first former full gave get give given go goes going gone good great half hand hard help high hold idea
    ideas important instead keep kept large last late later least less let little live long longer look lot made main
    make makes making many matter men middle name need never new next nobody nothing number often okay old open order
    others part people per person place plan play point possible probably problem put quite reason reasons role run
    seem seems seen set several short show side since small somebody someone sometimes soon stand start stay stop sure
    take taken time times together told took toward towards tried true try trying turn turned two use used using usual
    usually want went whole wonder work world worth year years yes young
    """.split()
)
"""Everyday words that say little of the topic: they weigh less than their rarity in a text would have it."""

OPERATORS = frozenset({"and", "or", "not"})
"""Written in capitals these are a search engine's, not initials."""

_IRREGULAR = """
    am are is was were been being:be arose arisen:arise ate eaten:eat awoke awoken:awake beat beaten:beat
    became:become began begun:begin bent:bend bit bitten:bite bled:bleed blew blown:blow bore born borne:bear
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
    offence:offense organisation:organization organisations:organization labour:labor centre:center theatre:theater
    programme:program programmes:program colour:color honour:honor favour:favor neighbour:neighbor behaviour:behavior
    armour:armor rumour:rumor
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


@cache
def ordinary_words() -> frozenset[str]:
    """Return common English words, folded; from SCOWL's small lists (see the file's head for their licence)."""
    listed = resources.files("bot.library").joinpath("ordinary_words.txt").read_text("utf-8")
    return frozenset(line for line in listed.splitlines() if line and not line.startswith("#"))


DEPENDENT = frozenset(
    """
    he she it they him her them his its their this these those that such he's also yet but and or nor so then thus
    therefore hence however instead similarly likewise meanwhile moreover furthermore besides otherwise still despite
    apparently other another both neither one here there
    """.replace("'", "").split()
)
"""Words with which a sentence begins that leans on the one before it."""
