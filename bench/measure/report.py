"""Tables in Markdown, printed as they come and kept for the end."""

from statistics import median


class Report:
    def __init__(self, file):
        self.file = file
        self.lines = []

    def say(self, *lines):
        for line in lines:
            self.lines.append(line)
            print(line, flush=True)
        self.file.write_text("\n".join(self.lines) + "\n", encoding="utf-8")

    def table(self, header, rows):
        self.say("", "| " + " | ".join(header) + " |", "|" + "---|" * len(header))
        self.say(*("| " + " | ".join(row) + " |" for row in rows), "")


def milliseconds(seconds):
    return f"{1e3 * seconds:.1f}" if seconds >= 0.1 else f"{1e3 * seconds:.2f}"


def verdict(met):
    return "met" if met else "**missed**"


def spread(per_start):
    """The medians of the JVM or Python starts, from the smallest to the largest."""
    medians = sorted(median(seconds) for seconds in per_start)
    return f"{milliseconds(medians[0])} to {milliseconds(medians[-1])}"
