package org.byol4j.config;

import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigIncludeContext;
import com.typesafe.config.ConfigIncluder;
import com.typesafe.config.ConfigIncluderClasspath;
import com.typesafe.config.ConfigIncluderFile;
import com.typesafe.config.ConfigIncluderURL;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigParseable;
import java.io.File;
import java.net.URL;

/** Includes that must exist: HOCON by itself passes over a file that is not there. */
final class Includes
    implements ConfigIncluder, ConfigIncluderFile, ConfigIncluderURL, ConfigIncluderClasspath {

  /** An include that leads nowhere. */
  static final class Missing extends ConfigException {
    private static final long serialVersionUID = 1L;

    private final String what;
    private final String includer;

    /** {@code includer} is the file that has the include, empty for the outermost one. */
    Missing(String what, String includer, Throwable cause) {
      super(what + " does not exist", cause);
      this.what = what;
      this.includer = includer;
    }

    String what() {
      return what;
    }

    String includer(String outermost) {
      return includer.isEmpty() ? outermost : includer;
    }
  }

  @Override
  public ConfigIncluder withFallback(ConfigIncluder fallback) {
    return this;
  }

  @Override
  public ConfigObject include(ConfigIncludeContext context, String what) {
    ConfigParseable found = context.relativeTo(what);
    if (found == null) {
      throw new Missing(what, "", null);
    }
    try {
      return found.parse(required(context));
    } catch (ConfigException.IO e) {
      throw new Missing(what, "", e);
    } catch (Missing e) {
      throw new Missing(e.what(), e.includer(found.origin().description()), e);
    }
  }

  @Override
  public ConfigObject includeFile(ConfigIncludeContext context, File what) {
    try {
      return ConfigFactory.parseFile(what, required(context)).root();
    } catch (ConfigException.IO e) {
      throw new Missing(what.getPath(), "", e);
    }
  }

  @Override
  public ConfigObject includeURL(ConfigIncludeContext context, URL what) {
    try {
      return ConfigFactory.parseURL(what, required(context)).root();
    } catch (ConfigException.IO e) {
      throw new Missing(what.toString(), "", e);
    }
  }

  @Override
  public ConfigObject includeResources(ConfigIncludeContext context, String what) {
    try {
      return ConfigFactory.parseResources(what, required(context)).root();
    } catch (ConfigException.IO e) {
      throw new Missing(what, "", e);
    }
  }

  private static ConfigParseOptions required(ConfigIncludeContext context) {
    return context.parseOptions().setAllowMissing(false);
  }
}
