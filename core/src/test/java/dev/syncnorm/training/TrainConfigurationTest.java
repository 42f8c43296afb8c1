package dev.syncnorm.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.syncnorm.configuration.ConfigurationException;
import dev.syncnorm.configuration.ConfigurationFile;
import dev.syncnorm.image.ChannelOrder;
import dev.syncnorm.layer.BatchNorm;
import dev.syncnorm.layer.Convolution;
import dev.syncnorm.layer.Layer;
import dev.syncnorm.layer.RunningStatistics;
import dev.syncnorm.storage.StoredFile;
import dev.syncnorm.training.Adam.BiasCorrection;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What a user may write wrong, and the lines that he gets for it. */
class TrainConfigurationTest {

  private static final String GOOD =
      """
      model {
        input  = { channels = 3, height = 8, width = 9 }
        layers = [
          { name = conv1,  type = conv, filters = 16, kernel = 3, padding = same }
          { name = bn1,    type = batch-norm, decay = 0.9, epsilon = 1e-5 }
          { name = conv2,  type = conv, filters = 3, kernel = 3, padding = same }
          { name = bn2,    type = batch-norm }
          { name = output, type = add, inputs = [bn2, input] }
        ]
        loss = mean-squared-error
      }
      data {
        input = in, target = out
        pixels = { order = rgb, scale = 255 }
      }
      train {
        epochs = 5, batch-size = 4, shuffle = false, seed = 1
        optimizer = { type = adam, learning-rate = 1e-3, bias-correction = tensorflow }
      }
      """;

  private static final String CHAIN =
      "; the way there: input 3x8x9 -> conv1 16x8x9 -> bn1 16x8x9 -> conv2 3x8x9 -> bn2 3x8x9";

  @TempDir private Path folder;

  static Stream<Arguments> mistakes() {
    return Stream.of(
        // keys
        one(
            "batch-size",
            "batchsize",
            "17: train.batchsize is not a known key; did you mean batch-size?"),
        one("loss =", "lost =", "10: model.lost is not a known key; did you mean loss?"),
        one(
            "decay = 0.9",
            "momentum = 0.9",
            "5: model.layers.bn1.momentum is not a known key; known are convention, decay, epsilon, inputs, name, type"),
        one(
            "bias-correction",
            "bias-corection",
            "18: train.optimizer.bias-corection is not a known key; did you mean bias-correction?"),
        one(
            "scale = 255",
            "scale = 255, gamma = 3",
            "14: data.pixels.gamma is not a known key; known are mean, order, resize, scale, statistics, std"),
        one(
            "scale = 255 }",
            "scale = 255 }, decode-timeout = 0 s",
            "14: data.decode-timeout is \"0 s\", expected a length of time above 0 s"),
        one("train {", "training {", "16: training is not a known key; did you mean train?"),
        // layers
        one(
            "type = conv, filters = 16",
            "type = convolution, filters = 16",
            "4: model.layers.conv1.type is \"convolution\", expected one of add, batch-norm, conv, relu; did you mean conv?"),
        one(
            "type = conv, filters = 16",
            "type = softmax, filters = 16",
            "4: model.layers.conv1.type is \"softmax\", expected one of add, batch-norm, conv, relu"),
        one(
            "type = conv, filters = 16",
            "filters = 16",
            "4: model.layers.conv1.type is missing, expected a text"),
        one("name = conv1,", "", "4: model.layers.0.name is missing, expected a text"),
        one(
            "name = conv2",
            "name = conv1",
            "6: model.layers.conv1.name is \"conv1\", expected a name that no other layer has"),
        one(
            "name = conv2",
            "name = 2conv",
            "6: model.layers.2conv.name is \"2conv\", expected a letter followed by letters, digits, _ or -, and not \"input\""),
        one(
            "name = conv2",
            "name = input",
            "6: model.layers.input.name is \"input\", expected a letter followed by letters, digits, _ or -, and not \"input\""),
        one(
            "[bn2, input]",
            "[bn3, input]",
            "8: model.layers.output.inputs names bn3, which is no layer; did you mean bn1?"),
        one(
            "[bn2, input]",
            "bn2",
            "8: model.layers.output.inputs is \"bn2\", expected a list of texts"),
        one(
            "[bn2, input]",
            "[]",
            "8: model.layers.output.inputs is [], expected a list of one or more names of layers"),
        one(
            "[bn2, input]",
            "[conv2, input]",
            "7: the output of the layer bn2 is used by no layer; only the last layer, output, gives the network's output"),
        one(
            "type = conv, filters = 16",
            "type = conv, inputs = [bn2], filters = 16",
            "4: model.layers has a cycle among conv1, bn1, conv2, bn2; a layer's inputs may not depend on its output"),
        one(
            "type = batch-norm, decay",
            "type = batch-norm, inputs = [bn1], decay",
            "5: model.layers has a cycle among bn1; a layer's inputs may not depend on its output"),
        one(
            "  layers = [",
            "  layers = 5, lays = [",
            "3: model.layers is 5, expected a list of objects [ { ... }, ... ]",
            "3: model.lays is not a known key; did you mean layers?"),
        one("layers = [", "layers = [ 7, ", "3: model.layers.0 is no object, expected { ... }"),
        // shapes, with the chain up to there
        one(
            "[bn2, input]",
            "[bn2]",
            "8: layer output: add has 1 input, expected two or more" + CHAIN),
        one(
            "[bn2, input]",
            "[bn2, conv1]",
            "8: layer output: add has inputs of the shapes 3x8x9 and 16x8x9, expected one shape"
                + CHAIN
                + "; and input 3x8x9 -> conv1 16x8x9"),
        one(
            "type = conv, filters = 3, kernel = 3, padding = same",
            "type = add, inputs = [bn1, conv1] }, { name = big, type = conv, filters = 3, kernel = 9, padding = valid",
            "6: layer big: a kernel of 9x9 with dilation 1 does not fit the padded input of 8x9; the way there: input 3x8x9 -> conv1 16x8x9 -> bn1 16x8x9 -> conv2 (with conv1) 16x8x9"),
        one(
            "type = conv, filters = 3",
            "type = conv, inputs = [bn1, input], filters = 3",
            "6: layer conv2: conv has 2 inputs, expected one; the way there: input 3x8x9 -> conv1 16x8x9 -> bn1 16x8x9; and input 3x8x9"),
        one(
            "filters = 16, kernel = 3",
            "filters = 16, kernel = 3, groups = 2",
            "4: layer conv1: groups is 2, which does not divide both 3 input channels and 16 filters; the way there: input 3x8x9"),
        one(
            "filters = 16, kernel = 3, padding = same",
            "filters = 16, kernel = 11, padding = valid",
            "4: layer conv1: a kernel of 11x11 with dilation 1 does not fit the padded input of 8x9; the way there: input 3x8x9"),
        one(
            "{ name = output, type = add, inputs = [bn2, input] }",
            "{ name = last, type = conv, filters = 3, kernel = 2, padding = valid }",
            "3: the network's output is 3x7x8, but the targets are images of 3x8x9; the loss needs one shape; the way there: input 3x8x9 -> conv1 16x8x9 -> bn1 16x8x9 -> conv2 3x8x9 -> bn2 3x8x9 -> last 3x7x8"),
        // types and ranges; what follows from them is not told
        one(
            "filters = 16",
            "filters = sixteen",
            "4: model.layers.conv1.filters is \"sixteen\", expected a whole number from 1 to 1048576"),
        one(
            "filters = 3,",
            "filters = 0,",
            "6: model.layers.conv2.filters is 0, expected a whole number from 1 to 1048576"),
        one(
            "filters = 3,",
            "",
            "6: model.layers.conv2.filters is missing, expected a whole number from 1 to 1048576"),
        one(
            "kernel = 3, padding = same }\n    { name = bn1",
            "kernel = 2.5 }\n    { name = bn1",
            "4: model.layers.conv1.kernel is 2.5, expected a whole number from 1 to 4096"),
        one(
            "kernel = 3, padding = same }\n    { name = bn1",
            "kernel = 3, padding = sane }\n    { name = bn1",
            "4: model.layers.conv1.padding is \"sane\", expected same, valid, a number or [top, bottom, left, right]"),
        one(
            "kernel = 3, padding = same }\n    { name = bn1",
            "kernel = 3, padding = [1, 2] }\n    { name = bn1",
            "4: model.layers.conv1.padding is [1,2], expected a list of 4 whole numbers of at least 0"),
        one(
            "kernel = 3, padding = same }\n    { name = bn1",
            "kernel = 3, padding = -1 }\n    { name = bn1",
            "4: model.layers.conv1.padding is -1, expected a whole number from 0 to 4096"),
        one(
            "kernel = 3, padding = same }\n    { name = bn1",
            "kernel = 3, bias = 1 }\n    { name = bn1",
            "4: model.layers.conv1.bias is 1, expected true or false"),
        one(
            "decay = 0.9",
            "decay = 1.5",
            "5: model.layers.bn1.decay is 1.5, expected a number from 0 to 1"),
        one(
            "epsilon = 1e-5",
            "epsilon = -1",
            "5: model.layers.bn1.epsilon is -1, expected a number from 0 to 1"),
        one(
            "epsilon = 1e-5",
            "convention = pytorch",
            "5: model.layers.bn1.convention is \"pytorch\", expected tensorflow, torch, onnx or { rule = ..., variance = ... }; did you mean torch?"),
        one(
            "epsilon = 1e-5",
            "convention = { rule = cumulativ }",
            "5: model.layers.bn1.convention.rule is \"cumulativ\", expected one of exponential, zero-debiased, cumulative, frozen"),
        one(
            "epsilon = 1e-5",
            "convention = { varianz = sample }",
            "5: model.layers.bn1.convention.varianz is not a known key; did you mean variance?"),
        one(
            "loss = mean-squared-error",
            "loss = mse",
            "10: model.loss is \"mse\", expected one of mean-squared-error"),
        one(
            "height = 8",
            "height = tall",
            "2: model.input.height is \"tall\", expected a whole number from 1 to 65536"),
        one(
            "height = 8,",
            "",
            "2: model.input.height is missing, expected a whole number from 1 to 65536"),
        one("input = in, ", "", "12: data.input is missing, expected a text"),
        one(
            "input = in, ",
            "input = \"\", ",
            "13: data.input is \"\", expected a folder of images"),
        one("input = in, ", "input = [in], ", "13: data.input is [\"in\"], expected a text"),
        one(
            "order = rgb",
            "order = gray",
            "14: data.pixels.order is \"gray\", expected one of rgb, bgr"),
        one(
            "scale = 255",
            "scale = 0",
            "14: data.pixels.scale is 0, expected a number above 1e-30 and below 1e30"),
        one(
            "scale = 255",
            "mean = 0.5",
            "14: data.pixels.mean is 0.5, expected a list of 3 numbers from 0 to 1, which is 255 / data.pixels.scale"),
        one(
            "scale = 255",
            "mean = [123.675, 116.28, 103.53]",
            "14: data.pixels.mean is [123.675,116.28,103.53], expected a list of 3 numbers from 0 to 1, which is 255 / data.pixels.scale"),
        one(
            "scale = 255",
            "scale = 1, mean = [0, 0, 256]",
            "14: data.pixels.mean is [0,0,256], expected a list of 3 numbers from 0 to 255, which is 255 / data.pixels.scale"),
        one(
            "scale = 255",
            "std = [0.2, 0.2]",
            "14: data.pixels.std is [0.2,0.2], expected a list of 3 numbers above 0 and up to 1, where 255 / data.pixels.scale is 1"),
        one(
            "scale = 255",
            "std = [0.2, 0, 0.2]",
            "14: data.pixels.std is [0.2,0,0.2], expected a list of 3 numbers above 0 and up to 1, where 255 / data.pixels.scale is 1"),
        one(
            "scale = 255",
            "std = [0.2, \"0.2\", 0.2]",
            "14: data.pixels.std is [0.2,\"0.2\",0.2], expected a list of 3 numbers above 0 and up to 1, where 255 / data.pixels.scale is 1"),
        one(
            "scale = 255",
            "scale = 510, std = [2, 1, 1]",
            "14: data.pixels.std is [2,1,1], expected a list of 3 numbers above 0 and up to 1, where 255 / data.pixels.scale is 0.5"),
        one(
            "scale = 255",
            "statistics = [s.json]",
            "14: data.pixels.statistics is [\"s.json\"], expected a text"),
        one(
            "scale = 255",
            "mean = [0, 0, 0], statistics { file = s.json, sha256 = 00 }",
            "14: data.pixels.std is missing, expected the numbers that were taken from data.pixels.statistics.file"),
        one(
            "scale = 255",
            "resize = [9, 8]",
            "14: data.pixels.resize is [9,8], expected the model's input, [8, 9]"),
        one(
            "scale = 255",
            "resize = 8",
            "14: data.pixels.resize is 8, expected a list of 2 whole numbers of at least 1"),
        one(
            "epochs = 5",
            "epochs = 0",
            "17: train.epochs is 0, expected a whole number of at least 1"),
        one(
            "epochs = 5",
            "epochs = 1e99",
            "17: train.epochs is 1.0E99, expected a whole number of at least 1"),
        one("seed = 1", "seed = 1.5", "17: train.seed is 1.5, expected a whole number"),
        one(
            "shuffle = false",
            "shuffle = maybe",
            "17: train.shuffle is \"maybe\", expected true or false"),
        one(
            "shuffle = false",
            "worker-timeout = soon",
            "17: train.worker-timeout is \"soon\", expected a length of time such as 60 s"),
        one(
            "shuffle = false",
            "worker-timeout = -1 s",
            "17: train.worker-timeout is \"-1 s\", expected a length of time such as 60 s"),
        one(
            "type = adam",
            "type = sdg",
            "18: train.optimizer.type is \"sdg\", expected one of adam"),
        one(
            "learning-rate = 1e-3",
            "learning-rate = -1",
            "18: train.optimizer.learning-rate is -1, expected a number above 0 and below 1e6"),
        one(
            "learning-rate = 1e-3",
            "beta1 = 1",
            "18: train.optimizer.beta1 is 1, expected a number from 0 to below 1"),
        one(
            "bias-correction = tensorflow",
            "bias-correction = tf",
            "18: train.optimizer.bias-correction is \"tf\", expected one of torch, tensorflow"));
  }

  private static Arguments one(String from, String to, String... lines) {
    return Arguments.of(from, to, List.of(lines));
  }

  @ParameterizedTest(name = "{index}: {2}")
  @MethodSource("mistakes")
  void mistakeIsTold(String from, String to, List<String> lines) throws IOException {
    assertThat(GOOD).contains(from);
    assertThat(mistakesOf(GOOD.replace(from, to), List.of()))
        .containsExactlyElementsOf(lines.stream().map(line -> "my.conf:" + line).toList());
  }

  @Test
  void allMistakesAreToldAtOnceInTheOrderOfTheFile() throws IOException {
    String text =
        GOOD.replace("epochs = 5", "epochs = 0")
            .replace("order = rgb", "order = gray")
            .replace("[bn2, input]", "[bn3, input]")
            .replace("decay = 0.9", "dekay = 0.9")
            .replace("filters = 16", "filters = 0");
    assertThat(mistakesOf(text, List.of()))
        .containsExactly(
            "my.conf:4: model.layers.conv1.filters is 0, expected a whole number from 1 to 1048576",
            "my.conf:5: model.layers.bn1.dekay is not a known key; did you mean decay?",
            "my.conf:8: model.layers.output.inputs names bn3, which is no layer; did you mean bn1?",
            "my.conf:14: data.pixels.order is \"gray\", expected one of rgb, bgr",
            "my.conf:17: train.epochs is 0, expected a whole number of at least 1");
  }

  @Test
  void missingSectionsAreToldWithTheFile() throws IOException {
    assertThat(mistakesOf("train { epochs = 2 }", List.of()))
        .containsExactlyInAnyOrder(
            "my.conf: model.input.height is missing, expected a whole number from 1 to 65536",
            "my.conf: model.input.width is missing, expected a whole number from 1 to 65536",
            "my.conf: model.layers is missing, expected at least one layer { name = ..., type = ... }",
            "my.conf: data.input is missing, expected a text",
            "my.conf: data.target is missing, expected a text");
  }

  @Test
  void inputThatIsNoPhotographIsTold() throws IOException {
    String text =
        GOOD.replace("channels = 3", "channels = 1").replace("filters = 3", "filters = 1");
    assertThat(mistakesOf(text, List.of()))
        .containsExactly("my.conf:2: model.input.channels is 1, but images have 3; set it to 3");
  }

  private static final String ONE_PIXEL =
      """
      model {
        input  = { height = 1, width = 1 }
        layers = [
          { name = conv1, type = conv, filters = 3, kernel = 1 }
          { name = bn1,   type = batch-norm, convention = torch }
        ]
      }
      data { input = in, target = out }
      train { batch-size = 2 }
      """;

  @Test
  void aSampleVarianceOfOneValueIsToldBeforeTraining() throws IOException, ConfigurationException {
    assertThat(mistakesOf(ONE_PIXEL, List.of("train.batch-size=1")))
        .containsExactly(
            "--set train.batch-size=1: layer bn1 keeps the sample variance of 3x1x1 values, but"
                + " train.batch-size is 1, and one value a channel has none; set its convention to"
                + " tensorflow, or a train.batch-size that leaves no image alone");
    TrainConfiguration inPairs = read(ONE_PIXEL, List.of());
    assertThat(inPairs.batchMistake(5))
        .contains(
            "layer bn1 keeps the sample variance of 3x1x1 values, but the data set has 5 pairs, so"
                + " that the last batch of 2 has one image, and one value a channel has none; set"
                + " its convention to tensorflow, or a train.batch-size that leaves no image alone");
    assertThat(inPairs.batchMistake(4)).isEmpty();
  }

  @Test
  void batchesOfOneImageAreFineWhereTheirVarianceIsDefined() throws Exception {
    for (String other :
        List.of(
            "model.layers.bn1.convention=tensorflow",
            "model.layers.bn1.convention={ rule = frozen, variance = sample }",
            "model.input.width=2")) {
      TrainConfiguration single = read(ONE_PIXEL, List.of("train.batch-size=1", other));
      assertThat(single.batchMistake(3)).as(other).isEmpty();
    }
  }

  @Test
  void aBatchLargerThanTheDataSetIsToldWithItsFolder() throws Exception {
    TrainConfiguration configuration = read(GOOD, List.of());
    assertThat(configuration.batchMistake(3))
        .contains(
            "train.batch-size is 4, but the data set has 3 pairs in in; set train.batch-size to 3"
                + " or less");
    assertThat(configuration.batchMistake(4)).isEmpty();
  }

  @Test
  void syntaxErrorIsToldInOneLine() throws IOException {
    assertThat(mistakesOf(GOOD.replace("scale = 255 }", "scale = }"), List.of()))
        .singleElement()
        .asString()
        .startsWith("my.conf:14: ")
        .doesNotContain("\n");
  }

  @Test
  void mistakesInOverridesNameTheOverride() throws IOException {
    List<String> overrides = List.of("train.epochs=x", "model.layers.bn1.decay=2", "train.epoch=3");
    assertThat(mistakesOf(GOOD, overrides))
        .containsExactlyInAnyOrder(
            "--set train.epochs=x: train.epochs is \"x\", expected a whole number of at least 1",
            "--set model.layers.bn1.decay=2: model.layers.bn1.decay is 2, expected a number from 0 to 1",
            "--set train.epoch=3: train.epoch is not a known key; did you mean epochs?");
  }

  @Test
  void defaultsAreThoseOfTheReference() throws ConfigurationException {
    TrainConfiguration configuration =
        TrainConfiguration.read(
            ConfigurationFile.parse(
                """
                model.input { height = 8, width = 9 }
                model.layers = [
                  { name = c, type = conv, filters = 3, kernel = 3 }
                  { name = n, type = batch-norm }
                ]
                data { input = a, target = b }
                """,
                List.of()),
            path -> "located/" + path);
    Layer conv = configuration.network().nodes().get(0).layer();
    assertThat(conv.outputShape().extents()).containsExactly(3, 8, 9);
    assertThat(((Convolution) conv).bias()).isTrue();
    assertThat(((Convolution) conv).geometry().stride()).isEqualTo(1);
    assertThat(((Convolution) conv).geometry().dilation()).isEqualTo(1);
    assertThat(((Convolution) conv).geometry().groups()).isEqualTo(1);
    BatchNorm norm = (BatchNorm) configuration.network().nodes().get(1).layer();
    assertThat(norm.decay()).isEqualTo(0.9);
    assertThat(norm.epsilon()).isEqualTo(1e-5);
    assertThat(norm.convention()).isEqualTo(RunningStatistics.TENSORFLOW);
    assertThat(configuration.data())
        .isEqualTo(
            new TrainConfiguration.Data(
                "located/a",
                "located/b",
                new Pixels(
                    ChannelOrder.BGR,
                    255,
                    List.of(0.0, 0.0, 0.0),
                    List.of(1.0, 1.0, 1.0),
                    Optional.empty()),
                8,
                9,
                60));
    assertThat(configuration.train())
        .isEqualTo(
            new TrainConfiguration.Train(
                1,
                1,
                false,
                1,
                new Adam(1e-3, 0.9, 0.999, 1e-8, BiasCorrection.TORCH),
                0,
                3,
                60,
                60,
                4,
                1024L << 20));
    assertThat(configuration.preview())
        .isEqualTo(
            new TrainConfiguration.Preview(Optional.empty(), Optional.empty(), Optional.empty()));
  }

  @Test
  void whatIsSavedWithTheRunReadsAsTheSame() throws ConfigurationException, IOException {
    TrainConfiguration first = read(GOOD, List.of("model.layers.bn1.convention=torch"));
    TrainConfiguration again = read(first.text(), List.of());
    assertThat(again.network()).isEqualTo(first.network());
    assertThat(again.train()).isEqualTo(first.train());
    assertThat(again.data()).isEqualTo(first.data());
    assertThat(again.text()).isEqualTo(first.text());
  }

  private List<String> mistakesOf(String text, List<String> overrides) throws IOException {
    ConfigurationException e =
        catchThrowableOfType(ConfigurationException.class, () -> read(text, overrides));
    assertThat(e).as("a mistake").isNotNull();
    assertThat(e.getMessage()).isEqualTo(String.join("\n", e.mistakes()));
    return e.mistakes().stream().map(line -> line.replace(folder + "/", "")).toList();
  }

  private TrainConfiguration read(String text, List<String> overrides)
      throws ConfigurationException, IOException {
    Path file = Files.writeString(folder.resolve("my.conf"), text);
    return TrainConfiguration.read(
        ConfigurationFile.load(StoredFile.local(file), overrides), path -> path);
  }
}
