package dev.syncnorm.spark.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;

/** A command run in this process: its exit code and what it printed. */
record Command(int exitCode, String output, String error) {

  static Command run(List<String> arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int code =
        Main.run(
            new PrintWriter(out, true),
            new PrintWriter(err, true),
            arguments.toArray(String[]::new));
    return new Command(code, out.toString(), err.toString());
  }
}
