package dev.syncnorm.spark.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import javax.management.JMException;
import javax.management.JMRuntimeException;
import javax.management.ObjectName;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The classes of a run, archived by the JVM's class-data sharing so that the next run need not
 * parse them again. {@code bin/syncnorm} says where, if there is none yet. Nothing but the time to
 * start depends on the archive, so a failure to write it is no failure of the run.
 */
final class ClassDataArchive {

  private static final Logger LOG = LoggerFactory.getLogger(ClassDataArchive.class);
  private static final String PROPERTY = "syncnorm.classes";

  private ClassDataArchive() {}

  /**
   * Lets the JVM write the archive when it exits, if the launcher asks for one: to be called when a
   * run has succeeded. At exit, because only {@code System.exit} links all classes that were
   * loaded, and the archive takes none that is not linked.
   */
  static void writeAtExitIfAsked() {
    String asked = System.getProperty(PROPERTY);
    if (asked != null) {
      Path archive = Path.of(asked);
      Runtime.getRuntime().addShutdownHook(new Thread(() -> write(archive), "class-data-archive"));
    }
  }

  private static void write(Path archive) {
    // Runs may end at the same time; each writes its own file, and the last one stays.
    Path temporary =
        archive.resolveSibling(archive.getFileName() + "." + ProcessHandle.current().pid());
    try {
      dump(temporary);
      Files.move(temporary, archive, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException | JMException | JMRuntimeException e) {
      LOG.info("no class-data archive at {}", archive, e);
      temporary.toFile().delete();
    }
  }

  /**
   * What {@code jcmd PID VM.cds dynamic_dump FILE} does; the JVM splits its arguments at blanks.
   */
  private static void dump(Path file) throws JMException {
    // It prints the file's name, among the results of the run.
    System.setOut(new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8));
    ManagementFactory.getPlatformMBeanServer()
        .invoke(
            new ObjectName("com.sun.management:type=DiagnosticCommand"),
            "vmCds",
            new Object[] {new String[] {"dynamic_dump", '"' + file.toString() + '"'}},
            new String[] {String[].class.getName()});
  }
}
